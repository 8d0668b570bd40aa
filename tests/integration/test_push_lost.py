"""Pushes that a marketplace could not deliver are fetched, and confirmed once they are kept."""

from collections.abc import Iterator

import pytest

from cloud.database.leases import forget_leases
from cloud.sync.push_effects import Outcome
from tests.support.dispatch_bench import TEST, Bench
from tests.support.push_door import PushDoor, open_door
from tests.support.waiting import eventually


@pytest.fixture
def door(bench: Bench) -> Iterator[PushDoor]:
    with open_door(bench) as made:
        yield made


def work_all(door: PushDoor) -> None:
    while door.work_off():
        pass


def lose(door: PushDoor, count: int = 1) -> None:
    sandbox = door.bench.sandbox
    door.register(kinds=["3"])
    sandbox.control.fault("push_lost", count=count)
    for number in range(count):
        sandbox.control.push(
            sandbox.partner_id, "3", sandbox.shop_id, ordersn=f"2610180PUSH{number:03}"
        )
    eventually(lambda: [one["state"] for one in sandbox.control.pushes()] == ["lost"] * count)


def test_they_are_fetched_and_confirmed(door: PushDoor) -> None:
    lose(door, 3)
    assert door.fetch_lost() == 3
    assert [one["state"] for one in door.bench.sandbox.control.pushes()] == ["consumed"] * 3
    work_all(door)
    assert door.outcomes() == [Outcome.DONE] * 3


def test_what_was_not_confirmed_comes_again_and_is_kept_once(door: PushDoor) -> None:
    lose(door)
    door.bench.sandbox.control.fault("error_before", "confirm_consumed_lost_push_message", count=1)
    assert door.fetch_lost() == 0
    assert len(door.kept()) == 1

    door.bench.database.write(forget_leases, TEST)
    assert door.fetch_lost() == 0
    assert len(door.kept()) == 1
    assert [one["state"] for one in door.bench.sandbox.control.pushes()] == ["consumed"]


def test_nothing_is_confirmed_before_it_is_kept(
    door: PushDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(door)

    def full(*_: object) -> bool:
        raise RuntimeError("no room")

    monkeypatch.setattr("cloud.sync.push_work.put_push", full)
    with pytest.raises(RuntimeError):
        door.fetch_lost()
    assert door.bench.calls("confirm_consumed_lost_push_message") == 0


def test_one_process_at_a_time_fetches(door: PushDoor) -> None:
    lose(door)
    assert door.fetch_lost() == 1
    calls = door.bench.calls("get_lost_push_message")
    assert calls == 1
    assert door.fetch_lost() == 0
    assert door.bench.calls("get_lost_push_message") == calls
