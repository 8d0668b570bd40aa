"""The page of a proof: facts, timeline, Resend, and the answer to what is not confirmed."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.dashboard.languages import load_languages
from cloud.dashboard.reasons import REASONS
from cloud.database.scope import scoped
from cloud.shops.models import Shop
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.proof_rows import dispatches

PROOFS = "/parcelguard/proofs"
SENT = "Image Sent to Customer"


def message_states(world: World, proof: int) -> list[MessageState]:
    with world.database.read(world.scope) as session:
        found = (
            select(Message.state)
            .join(Dispatch, Dispatch.id == Message.dispatch_id)
            .where(Dispatch.proof_id == proof)
            .order_by(Message.id)
        )
        return list(session.scalars(found))


@only_sqlite
def test_where_no_program_may_write_the_way_is_by_hand(
    dashboard: RunningDashboard, world: World
) -> None:
    """Shopee Taiwan: saved, not failed; photos to copy, the Seller Centre, and Sent by hand."""

    def move(session: Session) -> None:
        session.get_one(Shop, world.shop_id).country = "TW"

    world.database.write(move, world.scope)
    order = world.add_order("2611210TAIWAN", "TW777")
    state, reason = DispatchState.SAVED_NOT_SENT, Reason.CHANNEL_CANNOT_SEND
    proof = world.add_proof("TW777", state, order_id=order, photos=2, reason=reason)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{PROOFS}/{proof}").text
        assert "do not let programs write to buyers" in text_of(page)
        assert 'href="https://seller.shopee.tw"' in page
        assert f"{PROOFS}/{proof}/by-hand" in page
        assert f"{PROOFS}/{proof}/resend" not in page
        assert "Resend" not in re.sub(r".*<main", "", page, flags=re.DOTALL)


@only_sqlite
def test_the_page_shows_photos_facts_and_what_happened(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210FACTS", "MY777")
    proof = world.add_proof(
        "MY777", order_id=order, photos=3, clock_synced=False, warnings="blurred\ndark"
    )
    with dashboard.browser(world.email) as browser:
        browser.cookies.set("packwitness-zone", "Asia/Taipei")
        page = browser.get(f"{PROOFS}/{proof}")
        text = text_of(page.text)
        for words in (
            "Order 2611210FACTS",
            "Image Sent to Customer's Chat",
            "Code as scanned MY777",
            "Demo Shop · Shopee MY",
            "READY_TO_SHIP",
            "tan_weiming",
            "2:00:00 PM GMT+08:00",
            "Not set; its times may be wrong",
            "Looks blurred",
            "Looks dark",
            "simulated",
            "Closed with F4, to be sent",
            "Asked for at the table",
            "The marketplace has it",
            "Your order 2611210FACTS is packed.",
        ):
            assert words in text, words
        small = re.findall(r'src="(/photos/[0-9a-f]{64}/small)"', page.text)
        assert len(small) == 3
        picture = browser.get(small[0])
        assert picture.headers["content-type"] == "image/jpeg"
        assert "immutable" in picture.headers["cache-control"]
        full = browser.get(small[0].removesuffix("/small"))
        assert full.content == world.store.read(world.organisation_id, small[0].split("/")[2])
        assert len(picture.content) < len(full.content)


@only_sqlite
def test_each_reason_says_why_and_what_to_do_in_each_language(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210WHY")
    proof = world.add_proof("2611210WHY", DispatchState.FAILED, order_id=order, photos=0)
    with dashboard.browser(world.email) as browser:
        for tag, language in load_languages().items():
            browser.post("/language", data={"language": tag})
            for reason in Reason:
                world.change_state(proof, DispatchState.FAILED, reason)
                page = browser.get(f"{PROOFS}/{proof}").text
                assert f'lang="{tag}"' in page
                assert language.translations.gettext(REASONS[reason].text) in page, reason
                assert language.translations.gettext(REASONS[reason].what_to_do) in page, reason


def test_resend_asks_once_however_often_it_is_pressed(
    dashboard: RunningDashboard, world: World
) -> None:
    """S0-47, S0-48, S0-49: from the stored photos, recorded, with the name of who asked."""
    order = world.add_order("2611210AGAIN")
    proof = world.add_proof("2611210AGAIN", DispatchState.SENT, order_id=order)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{PROOFS}/{proof}").text
        assert "They will be in the chat a second time" in page
        after = re.search(r'name="after" value="(\d+)"', page)
        assert after is not None
        form = {"after": after[1], "everything": "true", "note": "A dispute"}
        answers = [browser.post(f"{PROOFS}/{proof}/resend", data=form) for _ in range(2)]
        there = f"{PROOFS}/{proof}?notice=resend-asked"
        assert [answer.headers["location"] for answer in answers] == [there, there]
        first, second = dispatches(world, proof)
        assert (first.state, second.state) == (DispatchState.SENT, DispatchState.WAITING_FOR_ORDER)
        assert second.asked_by_member_id == world.member_id
        assert second.resend_of_id == first.id
        text = text_of(browser.get(there).text)
        assert "The photos are being sent again." in text
        assert f"Resend, asked for by {world.email}" in text


@only_sqlite
def test_an_unsent_proof_is_sent_by_a_person(dashboard: RunningDashboard, world: World) -> None:
    proof = world.add_proof("2611210UNSENT", None, closing="unsent")
    with dashboard.browser(world.email) as browser:
        page = text_of(browser.get(f"{PROOFS}/{proof}").text)
        assert "Not closed with F4" in page
        assert "Press Send if the buyer should have them." in page
        browser.post(f"{PROOFS}/{proof}/resend", data={"after": "0"})
    (asked,) = dispatches(world, proof)
    assert asked.state is DispatchState.WAITING_FOR_ORDER


@only_sqlite
def test_resend_from_the_log_leads_back_to_it(dashboard: RunningDashboard, world: World) -> None:
    order = world.add_order("2611210FAIL")
    proof = world.add_proof("2611210FAIL", DispatchState.FAILED, order_id=order)
    (failed,) = dispatches(world, proof)
    with dashboard.browser(world.email) as browser:
        form = {"after": str(failed.id), "next": "/parcelguard/log?state=failed"}
        answer = browser.post(f"{PROOFS}/{proof}/resend", data=form)
        assert answer.headers["location"] == "/parcelguard/log?state=failed&notice=resend-asked"
        assert "The photos are being sent again." in browser.get(answer.headers["location"]).text
        form = {"after": str(failed.id), "next": "//evil.test/parcelguard/log"}
        answer = browser.post(f"{PROOFS}/{proof}/resend", data=form)
        assert answer.headers["location"].startswith(f"{PROOFS}/{proof}?")


@only_sqlite
def test_what_is_not_confirmed_is_not_sent_again_unasked(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210DOUBT")
    proof = world.add_proof("2611210DOUBT", DispatchState.NOT_CONFIRMED, order_id=order)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{PROOFS}/{proof}").text
        assert "Not confirmed: check the chat" in page
        assert "Is photo 2 in the chat?" in page
        assert 'id="resend"' not in page
        answer = browser.post(f"{PROOFS}/{proof}/resend", data={"after": "1"})
        assert answer.headers["location"].endswith("notice=not-confirmed")
        assert "Check the chat and answer below." in browser.get(answer.headers["location"]).text
    assert len(dispatches(world, proof)) == 1


def test_photos_that_went_in_one_picture_are_told_so(
    dashboard: RunningDashboard, world: World
) -> None:
    order = world.add_order("2611210JOINED")
    proof = world.add_proof("2611210JOINED", DispatchState.NOT_CONFIRMED, order_id=order, photos=3)
    join_last_two(world, proof)
    with dashboard.browser(world.email) as browser:
        page = text_of(browser.get(f"{PROOFS}/{proof}").text)
    assert "Is the picture with photos 2, 3 in the chat?" in page
    assert "Photos 2, 3 in one picture" in page
    assert "Photo 1" in page


def join_last_two(world: World, proof_id: int) -> None:
    """As if there had been room for one picture less."""

    def unit(session: Session) -> None:
        joined = [
            one
            for one in session.scalars(select(Message).order_by(Message.position))
            if one.photos and session.get_one(Dispatch, one.dispatch_id).proof_id == proof_id
        ][1:]
        for attempt in session.scalars(select(Attempt).where(Attempt.message_id == joined[0].id)):
            session.delete(attempt)
        session.delete(joined[0])
        joined[1].photos = f"{joined[0].photos} {joined[1].photos}"

    world.database.write(unit, scoped(world.organisation_id))


@pytest.mark.parametrize(
    ("answer", "state", "of_all"),
    [
        ("there", MessageState.CANCELLED, DispatchState.PARTLY_SENT),
        ("not-there", MessageState.QUEUED, DispatchState.SENDING),
    ],
)
@only_sqlite
def test_a_person_settles_what_is_not_confirmed(
    dashboard: RunningDashboard,
    world: World,
    answer: str,
    state: MessageState,
    of_all: DispatchState,
) -> None:
    order = world.add_order("2611210DOUBT")
    proof = world.add_proof("2611210DOUBT", DispatchState.NOT_CONFIRMED, order_id=order)
    other = world.add_proof("2611210OTHER", DispatchState.SENT)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{PROOFS}/{proof}").text
        form = re.search(rf'action="({PROOFS}/\d+/messages/(\d+)/{answer})"', page)
        assert form is not None
        wrong = browser.post(f"{PROOFS}/{other}/messages/{form[2]}/{answer}")
        assert wrong.status_code == 404
        assert message_states(world, proof)[-1] is MessageState.UNCERTAIN
        settled = browser.post(form[1])
        assert settled.headers["location"].endswith("notice=settled")
        again = browser.post(form[1])
        assert again.headers["location"].endswith("notice=settled-already")
    assert message_states(world, proof)[-1] is state
    (dispatch,) = dispatches(world, proof)
    assert dispatch.state is of_all


@only_sqlite
def test_a_send_under_way_is_waited_for(dashboard: RunningDashboard, world: World) -> None:
    order = world.add_order("2611210NOW")
    proof = world.add_proof("2611210NOW", DispatchState.QUEUED, order_id=order)

    def being_sent(session: Session) -> None:
        message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        message.state, message.claimed_by = MessageState.SENDING, "sender-1"
        message.lease_until = message.not_before

    world.database.write(being_sent, world.scope)
    with dashboard.browser(world.email) as browser:
        answer = browser.post(f"{PROOFS}/{proof}/resend", data={"after": "0"})
        assert answer.headers["location"].endswith("notice=still-being-sent")
    assert len(dispatches(world, proof)) == 1


@pytest.mark.parametrize("path", ["0", "999999", "abc", "9" * 30, "-1"])
@only_sqlite
def test_a_proof_that_is_not_there_is_a_page_of_its_own(
    dashboard: RunningDashboard, world: World, path: str
) -> None:
    with dashboard.browser(world.email) as browser:
        answer = browser.get(f"{PROOFS}/{path}")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


@only_sqlite
def test_everything_is_sent_again_only_with_a_reason(
    dashboard: RunningDashboard, world: World
) -> None:
    """For a dispute: the buyer has it all, and is to get it once more."""
    order = world.add_order("2611210ALL")
    proof = world.add_proof("2611210ALL", DispatchState.SENT, order_id=order)
    (sent,) = dispatches(world, proof)
    with dashboard.browser(world.email) as browser:
        assert "Send everything again" in browser.get(f"{PROOFS}/{proof}").text
        form = {"after": str(sent.id), "everything": "true", "note": "  "}
        answer = browser.post(f"{PROOFS}/{proof}/resend", data=form)
        assert answer.headers["location"].endswith("notice=reason-missing")
        assert len(dispatches(world, proof)) == 1
        form["note"] = "The buyer  lost the first photos"
        answer = browser.post(f"{PROOFS}/{proof}/resend", data=form)
        assert answer.headers["location"].endswith("notice=resend-asked")
        page = browser.get(f"{PROOFS}/{proof}").text
    newest = dispatches(world, proof)[-1]
    assert (newest.everything, newest.note) == (True, "The buyer lost the first photos")
    assert "Everything again: The buyer lost the first photos" in page


@only_sqlite
def test_what_a_person_sent_by_hand_is_sent_no_more_and_not_called_sent(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("2611210HAND", DispatchState.NEEDS_PERSON)
    with dashboard.browser(world.email) as browser:
        for _ in range(2):
            answer = browser.post(f"{PROOFS}/{proof}/by-hand")
            assert answer.headers["location"].endswith("notice=by-hand-noted")
        page = browser.get(f"{PROOFS}/{proof}").text
    (dispatch,) = dispatches(world, proof)
    assert dispatch.state is DispatchState.SAVED_NOT_SENT
    assert (dispatch.reason, dispatch.by_hand_member_id) == ("sent-by-hand", world.member_id)
    assert dispatch.by_hand_at is not None
    assert "Sent by hand by" in page
    assert SENT not in page


@pytest.mark.parametrize(
    ("state", "notice"),
    [(DispatchState.SENT, "sent-already"), (DispatchState.NOT_CONFIRMED, "not-confirmed")],
)
@only_sqlite
def test_what_is_there_or_may_be_is_not_noted_as_sent_by_hand(
    dashboard: RunningDashboard, world: World, state: DispatchState, notice: str
) -> None:
    order = world.add_order("2611210NOT")
    proof = world.add_proof("2611210NOT", state, order_id=order)
    with dashboard.browser(world.email) as browser:
        answer = browser.post(f"{PROOFS}/{proof}/by-hand")
        assert answer.headers["location"].endswith(f"notice={notice}")
        assert browser.post(f"{PROOFS}/999999/by-hand").status_code == 404
    (dispatch,) = dispatches(world, proof)
    assert (dispatch.state, dispatch.by_hand_at) == (state, None)
