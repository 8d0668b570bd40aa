"""From a closed proof to the buyer's chat at Lazada and TikTok Shop, each at its sandbox.

What the dispatcher does when things go wrong is tried at Shopee (`test_dispatch_faults.py`); here
is what the others want besides: conversations that are opened, pictures with their size, ciphers,
windows that close.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.marketplaces.access import GrantedShop, ShopAccess, Tokens
from cloud.shops.models import Shop
from cloud.shops.service import NewShop, Purpose, add_shop, put_app_credential, store_tokens
from cloud.sync.orders import OrderReader, SyncSettings
from tests.support.dispatch_bench import PRESET, Bench, Packed
from tests.support.lazada_sandbox import LazadaSandbox
from tests.support.market_sandbox import MarketSandbox, SeededOrder, running
from tests.support.tiktok_sandbox import TikTokSandbox

SANDBOXES: list[type[MarketSandbox]] = [LazadaSandbox, TikTokSandbox]
WHOLE = ["text", "image", "image", "image"]
PATIENT = 5.0
HOUR_S = 3600


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda kind: kind.channel)
def sandbox(request: pytest.FixtureRequest) -> Iterator[MarketSandbox]:
    with running(request.param) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Selling:
    """A shop of the bench's organisation at a marketplace, with one order that was read."""

    bench: Bench
    sandbox: MarketSandbox
    access: ShopAccess
    order: SeededOrder

    def pack(self) -> Packed:
        return self.bench.pack(self.order.number)

    def kinds(self) -> list[str]:
        """What the buyer sees, by kind."""
        return [row["message_type"] for row in self.sandbox.chat(self.access, self.order)]

    def assert_all_once(self, packed: Packed) -> None:
        seen = self.sandbox.chat(self.access, self.order)
        assert [row["message_type"] for row in seen] == WHOLE
        shown = [self.bench.shown[row["image"]["sha256"]] for row in seen[1:]]
        assert [photo for picture in shown for photo in picture] == list(packed.photos)
        sent = [one.marketplace_message_id for one in self.bench.messages_of(packed)]
        assert sent == [row["message_id"] for row in seen]


@pytest.fixture
def selling(bench: Bench, sandbox: MarketSandbox) -> Iterator[Selling]:
    access = sandbox.new_shop()
    made = Selling(bench, sandbox, access, sandbox.place_order(access))
    connect(made)
    put_tokens(made, *sandbox.new_tokens(access.app, access.shop_id))
    # Of this shop alone: the bench's own one would use up time by its pace.
    reader = OrderReader(bench.database, bench.gateway, SyncSettings(window=timedelta(days=40)))
    assert reader.read(reader.shops()[-1]) == 1
    yield made
    sandbox.tell_true_time()


def connect(selling: Selling) -> None:
    """The shop with its app, not authorized yet."""
    bench, sandbox, access = selling.bench, selling.sandbox, selling.access
    new = NewShop(
        channel=sandbox.channel,
        country=access.country,
        external_id=access.shop_id,
        name="Shop",
        sends_per_second=1000,
        preset_message=PRESET,
        sending_enabled=True,
    )

    def unit(session: Session) -> None:
        # A message for each photo of a full proof; what joins them has tests of its own.
        add_shop(session, new, utc_now()).kept_free_for_people = 1
        for purpose in Purpose:
            put_app_credential(
                session,
                bench.box,
                channel=sandbox.channel,
                purpose=purpose,
                app=access.app,
                base_url=sandbox.base_url,
            )

    bench.database.write(unit, scoped(bench.organisation_id))


def put_tokens(selling: Selling, access_token: str, refresh_token: str) -> None:
    """The shop is authorized for both purposes with these."""
    bench, access, now = selling.bench, selling.access, utc_now()
    granted = (GrantedShop(access.shop_id, cipher=access.cipher),)
    ends = (now + timedelta(days=1), now + timedelta(days=30))
    tokens = Tokens(access_token, refresh_token, *ends, granted)

    def unit(session: Session) -> None:
        shop_id = session.scalars(select(Shop.id).where(Shop.external_id == access.shop_id)).one()
        for purpose in Purpose:
            store_tokens(
                session, bench.box, shop_id=shop_id, purpose=purpose, tokens=tokens, now=now
            )

    bench.database.write(unit, scoped(bench.organisation_id))


def test_the_buyer_gets_the_text_and_every_photo_once_and_in_order(selling: Selling) -> None:
    """S0-23."""
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        selling.bench.until(packed, DispatchState.SENT)
    selling.assert_all_once(packed)
    (text, *_) = selling.sandbox.chat(selling.access, selling.order)
    assert text["text"] == f"Your parcel for order {selling.order.number} is packed.\nThank you!"


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "error_after"])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_lost_answer_leaves_each_part_once(selling: Selling, kind: str, fault: str) -> None:
    """U-18, invariant 5: it is looked up, by the order where the conversation is not known yet."""
    call = selling.sandbox.send_call
    selling.sandbox.fault(selling.access, fault, call, message_type=kind)
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        selling.bench.until(packed, DispatchState.SENT)
    selling.assert_all_once(packed)


def test_a_picture_that_was_uploaded_before_a_restart_is_sent_after_it(selling: Selling) -> None:
    call = selling.sandbox.send_call
    selling.sandbox.fault(selling.access, "rate_limit", call, message_type="image", count=None)
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        selling.bench.until_tried(packed, 1)
        before = selling.bench.until_message(packed, 1, MessageState.QUEUED)
    assert before.uploaded_url
    selling.sandbox.control.delete("/control/faults")
    selling.bench.make_due()
    with selling.bench.running(request_deadline_s=PATIENT):
        selling.bench.until(packed, DispatchState.SENT)
    selling.assert_all_once(packed)
    assert selling.bench.messages_of(packed)[1].uploaded_url == before.uploaded_url


def test_a_token_that_expires_half_way_is_replaced(selling: Selling) -> None:
    call = selling.sandbox.send_call
    selling.sandbox.fault(selling.access, "token_expired", call, message_type="image")
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        selling.bench.until(packed, DispatchState.SENT)
    selling.assert_all_once(packed)


def test_a_conversation_that_has_closed_is_opened_again(selling: Selling) -> None:
    """TikTok Shop closes one after six hours of silence; elsewhere it stays as it is."""
    selling.sandbox.write(selling.access, selling.order, "is it packed?")
    selling.sandbox.write(selling.access, selling.order, "soon", by="shop")
    selling.sandbox.advance(7 * HOUR_S)
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        selling.bench.until(packed, DispatchState.SENT)
    # What the person wrote counts at Lazada, so that fewer pictures may show the same photos.
    assert selling.kinds()[:4] == ["text", "text", "text", "image"]


def test_a_buyer_of_long_ago_is_not_written_to_again_and_again(selling: Selling) -> None:
    selling.sandbox.advance(91 * 24 * HOUR_S)
    put_tokens(selling, *selling.sandbox.new_tokens(selling.access.app, selling.access.shop_id))
    with selling.bench.running(request_deadline_s=PATIENT):
        packed = selling.pack()
        dispatch = selling.bench.until(packed, DispatchState.FAILED)
    assert dispatch.reason == Reason.WINDOW_CLOSED
    assert selling.kinds() == []
