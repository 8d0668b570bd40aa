"""ParcelGuard: its entries, its switches and what follows from them (S0-03 to S0-25)."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy.orm import Session

from cloud.accounts.models import Member, Organisation
from cloud.conversations.states import DispatchState, Reason
from cloud.proofs.models import CaptureDecision
from cloud.proofs.platforms import Platform, Switch
from cloud.proofs.switches import sends_from, switches
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of

CHAT, WEBCAM = "/parcelguard/chat", "/parcelguard/webcam"
PLATFORMS = f"{CHAT}/platforms"


@pytest.fixture
def browser(dashboard: RunningDashboard, world: World) -> Iterator[httpx.Client]:
    with dashboard.browser(world.email) as client:
        yield client


def sending(world: World) -> dict[str, bool]:
    with world.database.read(world.scope) as session:
        return {platform.value: sends_from(session, platform) for platform in Platform}


def decisions(world: World) -> list[tuple[str, bool, int]]:
    with world.database.read(world.scope) as session:
        rows = session.query(CaptureDecision).order_by(CaptureDecision.id).all()
    return [(row.switch, row.is_on, row.member_id) for row in rows]


@only_sqlite
def test_parcelguard_offers_three_entries_with_manage(browser: httpx.Client) -> None:
    """S0-03, S0-04."""
    page = browser.get("/parcelguard").text
    for name in (
        "Webcam ParcelGuard",
        "Marketplace Platform Chat",
        "Marketplace Platform Chat Log",
    ):
        assert f"Manage {name}" in text_of(page).replace("  ", " ")
    for address in (WEBCAM, CHAT, "/parcelguard/log"):
        assert f'href="{address}"' in page
        assert browser.get(address).status_code == 200
    assert "Capture platforms that send: 3 of 3" in page


def test_a_platform_sends_until_it_is_switched_off_and_saved(
    browser: httpx.Client, world: World
) -> None:
    """S0-05, S0-06: opening the page changes nothing, saving does; who did it is kept."""
    browser.get(CHAT)
    assert sending(world) == {"table": True, "webcam": True, "phone": True}
    answer = browser.post(PLATFORMS, data={"on": ["table", "phone"]})
    assert answer.headers["location"] == f"{CHAT}?notice=saved"
    assert sending(world) == {"table": True, "webcam": False, "phone": True}
    assert decisions(world) == [("send-webcam", False, world.member_id)]
    text = text_of(browser.get(CHAT).text)
    assert "Off: photos are saved, not sent." in text
    assert f"Switched by {world.email}" in text
    again = browser.post(PLATFORMS, data={"on": ["table", "phone"]})
    assert again.headers["location"] == f"{CHAT}?notice=unchanged"
    assert len(decisions(world)) == 1
    browser.post(PLATFORMS, data={})
    assert not any(sending(world).values())


def test_an_organisations_switches_are_its_own(
    dashboard: RunningDashboard, browser: httpx.Client, world: World
) -> None:
    other = dashboard.world("stranger@other.test", name="Other")
    browser.post(PLATFORMS, data={})
    assert all(sending(other).values())
    with dashboard.browser(other.email) as stranger:
        assert world.email not in stranger.get(CHAT).text


def test_without_the_entitlement_webcam_sending_is_not_usable_and_says_why(
    browser: httpx.Client, world: World
) -> None:
    """S0-08: on by default; without it photos are saved."""

    def unit(session: Session) -> None:
        session.get_one(Organisation, world.organisation_id).webcam_entitled = False

    world.database.write(unit, world.scope)
    page = browser.get(CHAT).text
    assert "Not part of your plan" in page
    assert sending(world) == {"table": True, "webcam": False, "phone": True}
    answer = browser.post(PLATFORMS, data={"on": ["table", "webcam", "phone"]})
    assert answer.headers["location"] == f"{CHAT}?notice=not-entitled"
    browser.post(PLATFORMS, data={"on": ["phone"]})
    # How it stood is kept for the day when it is part of the plan again.
    assert {switch for switch, *_ in decisions(world)} == {"send-table"}


def test_the_status_of_the_webcam_is_saved(browser: httpx.Client, world: World) -> None:
    """S0-09."""
    assert "checked" in browser.get(WEBCAM).text
    answer = browser.post(WEBCAM, data={})
    assert answer.headers["location"] == f"{WEBCAM}?notice=saved"
    with world.database.read(world.scope) as session:
        stands = switches(session)
    assert (stands[Switch.WEBCAM].is_on, stands[Switch.WEBCAM].by) == (False, world.email)
    assert stands[Switch.SEND_WEBCAM].is_on
    browser.post(WEBCAM, data={"on": "true"})
    assert "checked" in browser.get(WEBCAM).text


@only_sqlite
def test_shops_are_switched_and_worded_from_here(browser: httpx.Client, world: World) -> None:
    """S0-12, S0-16, S0-17, S0-21, S0-24: the same forms, which lead back here."""
    page = browser.get(CHAT).text
    text = text_of(page)
    assert "Chat Authorized" in text
    assert "Authorize/Update Chat Token" in text
    assert "Shopee's partner rules forbid apps to send order updates" in text
    assert f'href="/sales-channels/{world.shop_id}/preset?back=parcelguard"' in page
    form = {"on": "true", "has_read_rule": "true", "back": "parcelguard"}
    answer = browser.post(f"/sales-channels/{world.shop_id}/sending", data=form)
    assert answer.headers["location"] == f"{CHAT}?notice=switched-on"
    assert (
        "Packing photos of this shop go to buyers from now on."
        in browser.get(answer.headers["location"]).text
    )
    preset = browser.get(f"/sales-channels/{world.shop_id}/preset?back=parcelguard").text
    assert 'data-example="261122ABCDEF12"' in preset
    saved = browser.post(
        f"/sales-channels/{world.shop_id}/preset",
        data={"text": "Packed: [order number]", "back": "parcelguard"},
    )
    assert saved.headers["location"] == f"{CHAT}?notice=preset-saved"
    elsewhere = browser.post(
        f"/sales-channels/{world.shop_id}/sending", data={"on": "false", "back": "//evil.test"}
    )
    assert elsewhere.headers["location"] == "/sales-channels?notice=switched-off"


@only_sqlite
def test_an_agent_sees_the_switches_and_puts_none(
    dashboard: RunningDashboard, world: World
) -> None:
    def unit(session: Session) -> None:
        session.query(Member).where(Member.email == world.email).one().role = "agent"

    world.database.write(unit, world.scope)
    with dashboard.browser(world.email) as agent:
        for path in (CHAT, WEBCAM):
            page = agent.get(path).text
            assert "disabled" in page
            assert '<button class="btn btn-primary">Save' not in page
        assert agent.post(PLATFORMS, data={}).status_code == 403


@only_sqlite
def test_what_was_packed_without_photo_says_so(browser: httpx.Client, world: World) -> None:
    """S0-11."""
    proof = world.add_proof(
        "2611210NONE", DispatchState.SAVED_NOT_SENT, reason=Reason.WITHOUT_PHOTO, photos=0
    )
    page = browser.get(f"/parcelguard/proofs/{proof}")
    assert "The order was packed without photo." in page.text
