"""Many orders at once while much goes wrong: each buyer has each photo exactly once."""

from contextlib import ExitStack

import pytest

from cloud.conversations.states import DispatchState
from sandbox.shopee import demo_seed
from tests.database_rows import only_postgres
from tests.support.dispatch_bench import Bench, Packed

ORDERS = {number: 900000004 + place for place, number in enumerate(demo_seed.FURTHER_ORDER_SNS)}


def much_goes_wrong(bench: Bench) -> None:
    for skip, kind in enumerate(["drop_after", "error_after", "drop_before", "rate_limit"] * 3):
        bench.fault(kind, skip=3 * skip)
    bench.fault("show_late", "image", visible_after_s=0.5, skip=4, count=2)
    bench.fault("token_expired", skip=11)
    bench.sandbox.control.fault("error_before", "upload_image", skip=5)
    bench.sandbox.control.fault("not_json", "get_message", skip=9, count=3)


def assert_each_has_all(bench: Bench, packed: dict[str, Packed]) -> None:
    for number, proof in packed.items():
        assert bench.pictures(ORDERS[number]) == list(proof.photos)
        assert len(bench.texts(ORDERS[number])) == 1
        in_chat = [one["message_id"] for one in bench.chat(ORDERS[number])]
        assert [one.marketplace_message_id for one in bench.messages_of(proof)] == in_chat


def test_every_buyer_gets_every_photo_once(bench: Bench) -> None:
    """U-16, U-18."""
    much_goes_wrong(bench)
    with bench.running(senders=4):
        packed = {number: bench.pack(number) for number in ORDERS}
        for proof in packed.values():
            bench.until(proof, DispatchState.SENT)
    assert_each_has_all(bench, packed)


@only_postgres
@pytest.mark.parametrize("processes", [3])
def test_several_dispatchers_share_the_work(bench: Bench, processes: int) -> None:
    much_goes_wrong(bench)
    with ExitStack() as running:
        for _ in range(processes):
            running.enter_context(bench.running(senders=2))
        packed = {number: bench.pack(number) for number in ORDERS}
        for proof in packed.values():
            bench.until(proof, DispatchState.SENT)
    assert_each_has_all(bench, packed)
