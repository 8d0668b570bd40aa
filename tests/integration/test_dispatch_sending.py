"""From a closed proof to the buyer's chat: the way it goes when nothing goes wrong."""

from cloud.conversations.states import DispatchState, MessageState
from sandbox.shopee import demo_seed
from tests.support.dispatch_bench import Bench

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004


def test_the_buyer_gets_the_text_and_every_photo_once_and_in_order(bench: Bench) -> None:
    """S0-23: preset text and all photos; each send names the order it is about."""
    with bench.running():
        packed = bench.pack(ORDER)
        dispatch = bench.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)
    assert bench.texts(BUYER) == [f"Your parcel for order {ORDER} is packed.\nThank you!"]
    assert {one["about_order_sn"] for one in bench.chat(BUYER)} == {ORDER}
    assert (dispatch.sent_count, dispatch.total_count) == (4, 4)


def test_sent_means_that_the_marketplaces_id_is_stored(bench: Bench) -> None:
    """S0-20, invariant 6."""
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    in_chat = [one["message_id"] for one in bench.chat(BUYER)]
    assert [one.marketplace_message_id for one in bench.messages_of(packed)] == in_chat
    assert {one.state for one in bench.messages_of(packed)} == {MessageState.SENT}
