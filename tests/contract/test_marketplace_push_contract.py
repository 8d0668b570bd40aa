"""What a marketplace's sandbox calls out to us is believed when it is signed, and understood."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.pushes import ChatMessageCame, OrdersChanged, Push, TrackingNumberIssued
from cloud.marketplaces.registry import marketplace_for
from tests.support.every_market import SANDBOXES
from tests.support.market_sandbox import MarketSandbox, running
from tests.support.push_receiver import PushReceiver, Told, receiving


@dataclass(frozen=True, slots=True)
class Hook:
    """A shop whose marketplace calls us."""

    sandbox: MarketSandbox
    marketplace: Marketplace
    access: ShopAccess
    receiver: PushReceiver

    def is_signed(self, told: Told, *, body: bytes | None = None, secret: str = "") -> bool:
        app = self.access.app
        return self.marketplace.verify_push(
            replace(app, app_secret=secret) if secret else app,
            callback_url=self.receiver.url,
            raw_body=told.body if body is None else body,
            signature=told.authorization,
        )

    def pushes(self, count: int) -> list[Push]:
        return [self.marketplace.read_push(told.body) for told in self.receiver.first(count)]


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@pytest.fixture
def hook(sandbox: MarketSandbox) -> Iterator[Hook]:
    clients = HttpClients()
    marketplace = marketplace_for(sandbox.channel, http=clients.get(), base_url=sandbox.base_url)
    access = sandbox.new_shop()
    with receiving() as receiver:
        sandbox.push_to(access, receiver.url)
        yield Hook(sandbox, marketplace, access, receiver)
    sandbox.tell_true_time()
    clients.close()


def test_a_call_is_believed_only_as_it_was_signed(hook: Hook) -> None:
    hook.sandbox.place_order(hook.access)
    (told,) = hook.receiver.first(1)
    assert hook.is_signed(told)
    assert not hook.is_signed(told, body=told.body + b" ")
    assert not hook.is_signed(told, secret="another secret")
    assert not hook.is_signed(replace(told, authorization=""))


def test_a_call_with_a_bad_signature_is_not_believed(hook: Hook) -> None:
    hook.sandbox.fault(hook.access, "push_bad_signature", "*")
    hook.sandbox.place_order(hook.access)
    (told,) = hook.receiver.first(1)
    assert not hook.is_signed(told)


def test_a_new_order_is_told_with_its_number_and_shop(hook: Hook) -> None:
    order = hook.sandbox.place_order(hook.access)
    (push,) = hook.pushes(1)
    assert push.event == OrdersChanged((order.number,))
    assert push.shop_ids == (hook.access.shop_id,)
    assert push.country in {"", hook.access.country}
    assert push.told_at.tzinfo is not None


def test_a_buyers_message_is_told(hook: Hook) -> None:
    order = hook.sandbox.place_order(hook.access)
    hook.receiver.first(1)
    hook.sandbox.write(hook.access, order, "where is it?")
    events = chat_events(hook)
    (message,) = [one for one in events if one.is_by_buyer]
    (seen,) = hook.sandbox.chat(hook.access, order)
    assert message.message_id == seen["message_id"]
    assert message.buyer_id in {"", order.buyer_id}
    page = hook.marketplace.messages(hook.access, message.conversation_id)
    assert [one.message_id for one in page.messages] == [message.message_id]


def chat_events(hook: Hook) -> list[ChatMessageCame]:
    """Those that came; a new conversation may be told before its first message."""
    for count in range(2, 6):
        found = [one.event for one in hook.pushes(count)]
        if chats := [one for one in found if isinstance(one, ChatMessageCame)]:
            return chats
    raise AssertionError("no message was told")


def test_the_same_call_again_has_the_same_key_and_another_one_another(hook: Hook) -> None:
    hook.sandbox.fault(hook.access, "push_twice", "*")
    hook.sandbox.place_order(hook.access)
    hook.sandbox.place_order(hook.access)
    keys = [push.key for push in hook.pushes(3)]
    assert keys[0] == keys[1] != keys[2]


def test_a_parcel_that_gets_its_number_is_told(hook: Hook) -> None:
    """Where a marketplace tells no numbers of parcels, the order is told or nothing is."""
    order = hook.sandbox.place_order(hook.access, parcels={"P1": ""})
    hook.receiver.first(1)
    before = len(hook.receiver.told)
    hook.sandbox.issue_tracking_number(order, "P1", "SPX1")
    if not hook.sandbox.tells_parcels:
        return
    event = hook.pushes(before + 1)[-1].event
    assert event in {
        TrackingNumberIssued(order.number, "P1", "SPX1"),
        OrdersChanged((order.number,)),
    }
