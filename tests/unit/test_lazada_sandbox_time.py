"""What passes with time in the Lazada sandbox: bans, and warnings."""

import pytest

from sandbox.clock import Clock
from sandbox.faults import FaultBox
from sandbox.lazada import demo_seed, errors
from sandbox.lazada.outbox import LazadaOutbox
from sandbox.lazada.pace import BanGate
from sandbox.lazada.seed import plant
from sandbox.lazada.world import World
from sandbox.market.push.entities import PushEndpoint
from sandbox.market.refusal import Refusal, Wording
from sandbox.store import DocumentStore

DAY_S = 86_400


class Watch:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def refused_with(gate: BanGate, who: str = "shop 1") -> str:
    with pytest.raises(Refusal) as caught:
        gate.admit(who, 1)
    assert caught.value.error == errors.API_CALL_LIMIT
    return caught.value.message


def test_a_ban_lasts_its_time_and_counts_for_one_caller() -> None:
    watch = Watch()
    gate = BanGate(Wording(errors.API_CALL_LIMIT, "too many"), lambda: 30, watch)
    gate.admit("shop 1", 1)
    assert "30 seconds" in refused_with(gate)
    gate.admit("shop 2", 1)
    watch.now_s += 29.5
    assert "1 seconds" in refused_with(gate)
    watch.now_s += 1
    gate.admit("shop 1", 1)


def test_without_a_limit_a_ban_ends_too() -> None:
    watch = Watch()
    gate = BanGate(Wording(errors.API_CALL_LIMIT, "too many"), lambda: 30, watch)
    gate.admit("shop 1", 1)
    refused_with(gate)
    gate.admit("shop 1", None)
    watch.now_s += 1
    gate.admit("shop 1", 1)


def test_an_authorization_that_ends_is_told_once_a_day() -> None:
    world = World(DocumentStore(None), Clock())
    plant(world, demo_seed.demo_seed())
    outbox = LazadaOutbox(world, FaultBox())
    endpoint = PushEndpoint(app_id=demo_seed.APP_KEY, callback_url="http://a.test", kinds=["8"])
    outbox.endpoints.put(endpoint)

    def told_after(days: float) -> int:
        world.clock.shift_s = days * DAY_S
        for _ in range(3):
            outbox.look_at_the_clock()
        return len(outbox.deliveries)

    assert [told_after(days) for days in (177, 178.5, 178.9, 179.6, 181)] == [0, 1, 1, 2, 2]
