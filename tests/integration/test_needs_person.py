"""Needs a person: both answers to each question, for one order and for many (issue 6)."""

import re

import pytest

from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.dashboard.chat_log.needs_person import PATH
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.proof_rows import dispatches, states_of_messages


def needs(world: World, code: str, reason: Reason = Reason.TOO_OLD) -> int:
    order = world.add_order(code)
    return world.add_proof(code, DispatchState.NEEDS_PERSON, order_id=order, reason=reason)


def uncertain(world: World, code: str) -> int:
    return world.add_proof(code, DispatchState.NOT_CONFIRMED, order_id=world.add_order(code))


def choices(html: str) -> dict[str, str]:
    """What stands beside each order, by its name."""
    found = r'name="chosen" value="([^"]+)".*?/proofs/\d+">([^<]+)<'
    return {name: choice for choice, name in re.findall(found, html, re.DOTALL)}


def stands(world: World, proof: int) -> tuple[DispatchState, str]:
    newest = dispatches(world, proof)[-1]
    return newest.state, newest.reason


def test_each_question_stands_with_its_answers(dashboard: RunningDashboard, world: World) -> None:
    uncertain(world, "ORDER-CHAT")
    needs(world, "ORDER-OLD")
    needs(world, "ORDER-TWO", Reason.SEVERAL_ORDERS)
    needs(world, "ORDER-RESTORED", Reason.RESTORED)
    world.add_proof("ORDER-SENT", order_id=world.add_order("ORDER-SENT"))
    with dashboard.browser(world.email) as browser:
        page = browser.get(PATH).text
    found = re.findall(r'<li class="question".*?</li>', page, re.DOTALL)
    answers = {
        text_of(one).split()[0]: re.findall(r'name="only" value="[\d:]+:([a-z-]+)"', one)
        for one in found
    }
    assert answers == {
        "ORDER-RESTORED": ["there", "not-there"],
        "ORDER-CHAT": ["there", "not-there"],
        "ORDER-TWO": ["leave"],
        "ORDER-OLD": ["send", "leave"],
    }
    assert "It was packed too long ago to be sent without asking." in page


def test_many_are_answered_at_once_and_each_for_itself(
    dashboard: RunningDashboard, world: World
) -> None:
    sent, left, changed = needs(world, "ORDER-1"), needs(world, "ORDER-2"), needs(world, "ORDER-3")
    there, absent = uncertain(world, "ORDER-4"), uncertain(world, "ORDER-5")
    with dashboard.browser(world.email) as browser:
        seen = choices(browser.get(PATH).text)
        world.add_dispatch(changed, DispatchState.QUEUED)
        both = [seen["ORDER-1"], seen["ORDER-3"]]
        answer = browser.post(PATH, data={"chosen": both, "answer": "send"})
        assert answer.headers["location"] == f"{PATH}?changed=1&notice=answers-taken"
        said = browser.get(answer.headers["location"]).text
        assert "1 of them had changed meanwhile and was left as it is." in text_of(said)
        browser.post(PATH, data={"chosen": [seen["ORDER-2"]], "answer": "leave"})
        browser.post(PATH, data={"only": f"{seen['ORDER-4']}:there"})
        browser.post(PATH, data={"only": f"{seen['ORDER-5']}:not-there"})
        rest = choices(browser.get(PATH).text)
    assert stands(world, sent) == (DispatchState.WAITING_FOR_ORDER, "")
    assert dispatches(world, sent)[-1].asked_by_member_id == world.member_id
    assert stands(world, left) == (DispatchState.SAVED_NOT_SENT, Reason.LEFT_UNSENT)
    assert len(dispatches(world, changed)) == 2
    assert MessageState.UNCERTAIN not in states_of_messages(world, there)
    assert states_of_messages(world, there)[-1] is MessageState.CANCELLED
    assert states_of_messages(world, absent)[-1] is MessageState.QUEUED
    assert rest == {}


def test_what_may_have_been_sent_before_a_backup_was_restored(
    dashboard: RunningDashboard, world: World
) -> None:
    there = needs(world, "ORDER-1", Reason.RESTORED)
    absent = needs(world, "ORDER-2", Reason.RESTORED)
    with dashboard.browser(world.email) as browser:
        seen = choices(browser.get(PATH).text)
        browser.post(PATH, data={"only": f"{seen['ORDER-1']}:there"})
        browser.post(PATH, data={"only": f"{seen['ORDER-2']}:not-there"})
    assert stands(world, there) == (DispatchState.SAVED_NOT_SENT, Reason.SETTLED_BY_PERSON)
    assert stands(world, absent) == (DispatchState.WAITING_FOR_ORDER, "")


@only_sqlite
def test_an_answer_that_fits_no_question_changes_nothing(
    dashboard: RunningDashboard, world: World
) -> None:
    """Also twice the same, and one of another organisation."""
    proof = uncertain(world, "ORDER-1")
    several = needs(world, "ORDER-2", Reason.SEVERAL_ORDERS)
    stranger = dashboard.world("stranger@other.test", name="Other")
    with dashboard.browser(world.email) as browser:
        seen = choices(browser.get(PATH).text)
        with dashboard.browser(stranger.email) as other:
            assert choices(other.get(PATH).text) == {}
            answer = other.post(PATH, data={"only": f"{seen['ORDER-1']}:there"})
            assert answer.headers["location"] == f"{PATH}?changed=1"
        browser.post(PATH, data={"only": f"{seen['ORDER-1']}:leave"})
        browser.post(PATH, data={"only": f"{seen['ORDER-2']}:send"})
        assert stands(world, proof)[0] is DispatchState.NOT_CONFIRMED
        assert stands(world, several)[0] is DispatchState.NEEDS_PERSON
        for location in (f"{PATH}?changed=0&notice=answers-taken", f"{PATH}?changed=1"):
            answer = browser.post(PATH, data={"only": f"{seen['ORDER-1']}:there"})
            assert answer.headers["location"] == location
        nothing = browser.post(PATH, data={"answer": "send"})
        assert nothing.headers["location"] == f"{PATH}?changed=0&notice=nothing-chosen"


@pytest.mark.parametrize(
    "data", [{"chosen": "x"}, {"only": "1:2:burn"}, {"answer": "burn"}, {"note": "x" * 201}]
)
@only_sqlite
def test_a_form_that_is_no_answer_is_refused(
    dashboard: RunningDashboard, world: World, data: dict[str, str]
) -> None:
    with dashboard.browser(world.email) as browser:
        assert browser.post(PATH, data=data).status_code == 422


@only_sqlite
def test_pages_lead_to_the_older_questions(
    dashboard: RunningDashboard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.dashboard.chat_log.needs_person.ROWS_PER_PAGE", 2)
    for number in range(3):
        needs(world, f"ORDER-{number}")
    with dashboard.browser(world.email) as browser:
        first = browser.get(PATH).text
        older = re.search(r'href="([^"]+)" rel="next"', first)
        assert older is not None
        assert list(choices(first)) == ["ORDER-2", "ORDER-1"]
        assert list(choices(browser.get(older[1]).text)) == ["ORDER-0"]
