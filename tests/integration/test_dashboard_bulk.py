"""Send again what failed: first the count, then each once, and nothing that the buyer has."""

import re

import pytest

from cloud.conversations.states import DispatchState, Reason
from tests.database_rows import only_sqlite
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard, text_of
from tests.support.proof_rows import dispatches

pytestmark = only_sqlite

LOG = "/parcelguard/log"
BULK = f"{LOG}/resend"


def newest_id(page: str) -> str:
    found = re.search(r'name="upto" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_the_count_comes_first_and_then_each_is_asked_for_once(
    dashboard: RunningDashboard, world: World
) -> None:
    failed = [world.add_proof(f"2611210F{n}", DispatchState.FAILED) for n in range(3)]
    other = world.add_proof("2611210N", DispatchState.NOT_CONFIRMED)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{BULK}?state=attention").text
        assert "3 orders can be sent again" in text_of(page)
        upto = newest_id(page)
        late = world.add_proof("2611210LATE", DispatchState.FAILED)
        for _ in range(2):
            answer = browser.post(f"{BULK}?state=attention", data={"upto": upto})
            assert answer.headers["location"].startswith(f"{LOG}?state=attention&notice=bulk-")
    assert [len(dispatches(world, proof)) for proof in failed] == [2, 2, 2]
    assert [len(dispatches(world, proof)) for proof in (other, late)] == [1, 1]


@pytest.mark.parametrize(
    ("state", "reason", "goes"),
    [
        (DispatchState.FAILED, Reason.OTHER, True),
        (DispatchState.PARTLY_SENT, Reason.REFUSED_CONTENT, True),
        (DispatchState.NEEDS_PERSON, Reason.TOO_OLD, True),
        (DispatchState.NEEDS_PERSON, Reason.ALREADY_SENT, False),
        (DispatchState.NEEDS_PERSON, Reason.SEVERAL_ORDERS, False),
        (DispatchState.SAVED_NOT_SENT, Reason.SHOP_SWITCHED_OFF, True),
        (DispatchState.SAVED_NOT_SENT, Reason.ORDER_CANCELLED, False),
        (DispatchState.SAVED_NOT_SENT, Reason.TRAINING, False),
        (DispatchState.SAVED_NOT_SENT, Reason.SENT_BY_HAND, False),
        (DispatchState.HELD, Reason.AUTHORIZATION, False),
        (DispatchState.NOT_CONFIRMED, None, False),
        (DispatchState.SENT, None, False),
        (DispatchState.CANCELLED, Reason.WITHDRAWN, False),
    ],
)
def test_what_wants_a_look_is_left_as_it_is(
    dashboard: RunningDashboard,
    world: World,
    state: DispatchState,
    reason: Reason | None,
    goes: bool,
) -> None:
    world.add_proof("2611210ONE", state, reason=reason)
    with dashboard.browser(world.email) as browser:
        page = text_of(browser.get(f"{BULK}?state={state}").text)
    assert ("1 order can be sent again" in page) is goes
    assert ("Nothing of this filter can be sent again" in page) is not goes


def test_what_reached_the_buyer_before_is_not_sent_again(
    dashboard: RunningDashboard, world: World
) -> None:
    proof = world.add_proof("2611210TWICE", DispatchState.SENT)
    world.add_dispatch(proof, DispatchState.FAILED)
    with dashboard.browser(world.email) as browser:
        page = text_of(browser.get(f"{BULK}?state=failed").text)
    assert "Nothing of this filter can be sent again" in page


def test_what_is_of_a_shop_that_lets_no_batches_go_is_left_out_and_said(
    dashboard: RunningDashboard, world: World
) -> None:
    """Issue 4: off until a person switches it on with the marketplace's notice in view."""
    order = world.add_order("2611210ALONE")
    alone = world.add_proof("2611210ALONE", DispatchState.FAILED, order_id=order)
    with dashboard.browser(world.email) as browser:
        page = browser.get(f"{BULK}?state=failed").text
        assert "Nothing of this filter can be sent again" in text_of(page)
        assert "is off for these shops, until somebody switches it on: Demo Shop: 1" in text_of(
            page
        )
        browser.post(f"{BULK}?state=failed", data={"upto": str(alone)})
        assert len(dispatches(world, alone)) == 1
        allowed = {"on": "true", "has_read_rule": "true"}
        browser.post(f"/sales-channels/{world.shop_id}/batches", data=allowed)
        page = browser.get(f"{BULK}?state=failed").text
        assert "1 order can be sent again" in text_of(page)
        browser.post(f"{BULK}?state=failed", data={"upto": newest_id(page)})
    first, again = dispatches(world, alone)
    assert (first.in_batch, again.in_batch) == (False, True)
