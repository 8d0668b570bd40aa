"""The dispatcher with all that is real around it: database, photo store, marketplace sandbox.

Times are short, so that nothing waits for minutes; what a test waits for is a state, never a time.
"""

import hashlib
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.outbox import messages_of
from cloud.conversations.states import DispatchState, MessageState
from cloud.database.base import utc_now
from cloud.database.changes import Change
from cloud.database.feed import ChangeFeed
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.dispatcher.models import SenderProcess
from cloud.dispatcher.retry import BackOff
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.access import Tokens
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.registry import capabilities_of
from cloud.photos.local import LocalPhotoStore
from cloud.proofs.platforms import Platform
from cloud.proofs.service import ManifestFacts, PackingArea, PhotoFacts, accept_manifest, add_photo
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Authorization, SendingPace, Shop
from cloud.shops.service import (
    Purpose,
    store_tokens,
)
from cloud.sync.orders import OrderReader, SyncSettings
from sandbox.testing import RunningSandbox
from tests.support.waiting import eventually

TEST = system("test")
PRESET = "Your parcel for order [order number] is packed.\nThank you!"
_LIMITS = capabilities_of("shopee", "MY")
NEW_SHOPS_FORM = Form(max_bytes=_LIMITS.image_max_bytes, max_side_px=_LIMITS.image_max_side_px)
"""Of chat pictures, while nobody has changed a setting."""
A_MOMENT = timedelta(milliseconds=40)
SETTINGS = DispatcherSettings(
    senders=3,
    request_deadline_s=2.0,
    lease=timedelta(seconds=30),
    back_off=BackOff(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=100)),
    held_check=A_MOMENT,
    chat_read_fresh=timedelta(0),
    settle=A_MOMENT,
    look_again_s=1.0,
    sweep_every_s=0.05,
)


def jpeg(serial: int) -> bytes:
    """A small picture, different for each number."""
    buffer = io.BytesIO()
    colour = (serial * 37 % 256, serial * 91 % 256, serial * 53 % 256)
    Image.new("RGB", (48 + serial % 50, 48), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def chat_pictures_of(photos: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    """Which photos each picture shows that can be made of these, at the settings of a new shop."""
    groups = [one for count in (1, 2, 3) for one in itertools.combinations(photos, count)]
    made = [
        chat_picture([Source(photos[one]) for one in group], NEW_SHOPS_FORM) for group in groups
    ]
    return dict(zip((hashlib.sha256(one).hexdigest() for one in made), groups, strict=True))


@dataclass(frozen=True, slots=True)
class Packed:
    """A proof that was taken in, with its photos in order."""

    proof_id: int
    proof_key: str
    photos: tuple[str, ...]


@dataclass(slots=True)
class Bench:
    """One organisation with one shop at the sandbox."""

    database: Database
    sandbox: RunningSandbox
    store: LocalPhotoStore
    store_folder: Path
    box: SecretBox
    clients: HttpClients
    gateway: ShopGateway
    organisation_id: int
    table_id: int
    shop_id: int
    deaths: list[BaseException]
    serials: Iterator[int]
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Which photos a picture in a chat shows, by the SHA-256 of both."""

    @property
    def shop(self) -> ShopKey:
        return ShopKey(self.organisation_id, self.shop_id)

    # --- the seller's side ------------------------------------------------------------------------

    def change_shop(self, **changes: Any) -> None:
        self._change(Shop, Shop.id == self.shop_id, changes)

    def change_authorization(self, purpose: Purpose, **changes: Any) -> None:
        where = (Authorization.shop_id == self.shop_id) & (Authorization.purpose == purpose)
        self._change(Authorization, where, changes)

    def change_pace(self, **changes: Any) -> None:
        self._change(SendingPace, SendingPace.shop_id == self.shop_id, changes)

    def change_dispatch(self, dispatch_id: int, **changes: Any) -> None:
        self._change(Dispatch, Dispatch.id == dispatch_id, changes)

    def _change(self, model: Any, where: Any, changes: dict[str, Any]) -> None:
        def unit(session: Session) -> None:
            row = session.scalars(select(model).where(where)).one()
            for name, value in changes.items():
                setattr(row, name, value)

        self.database.write(unit, scoped(self.organisation_id))

    def make_due(self) -> None:
        """No message waits for a time any more."""

        def unit(session: Session) -> None:
            for message in session.scalars(select(Message)):
                message.not_before = utc_now() - timedelta(seconds=1)

        self.database.write(unit, scoped(self.organisation_id))

    def put_tokens(self, access: str, refresh: str, *, life: timedelta = timedelta(days=1)) -> None:
        """The shop is authorized for both purposes with these."""
        now = utc_now()
        tokens = Tokens(access, refresh, now + life, now + timedelta(days=30), ())

        def unit(session: Session) -> None:
            for purpose in Purpose:
                store_tokens(
                    session,
                    self.box,
                    shop_id=self.shop_id,
                    purpose=purpose,
                    tokens=tokens,
                    now=now,
                )

        self.database.write(unit, scoped(self.organisation_id))

    def sync_orders(self) -> int:
        """Read the shop's orders as the scheduled reading does."""
        reader = OrderReader(self.database, self.gateway, SyncSettings(window=timedelta(days=40)))
        return sum(reader.read(shop) for shop in reader.shops())

    # --- the table's side -------------------------------------------------------------------------

    def pack(
        self,
        code: str,
        photos: int = 3,
        *,
        mode: str = "packing",
        closed_at: datetime | None = None,
        clock_synced: bool = True,
        key: str | None = None,
        area: PackingArea | None = None,
        platform: Platform = Platform.TABLE,
    ) -> Packed:
        """Take in a proof that was closed with F4, with its photos."""
        pictures = [jpeg(next(self.serials)) for _ in range(photos)]
        hashes = tuple(hashlib.sha256(one).hexdigest() for one in pictures)
        self.shown |= chat_pictures_of(dict(zip(hashes, pictures, strict=True)))
        for sha256, picture in zip(hashes, pictures, strict=True):
            self.store.put(self.organisation_id, sha256, picture)
        facts = self._manifest(key or hashes[0][:32], code, hashes, mode, closed_at or utc_now())
        about = [replace(one, clock_synced=clock_synced, area=area) for one in facts.photos]
        facts = replace(facts, clock_synced=clock_synced, photos=tuple(about), platform=platform)
        return Packed(self.take_in(facts), facts.proof_key, hashes)

    def withdraw(self, packed: Packed, code: str) -> None:
        """The packer takes a proof back."""
        facts = self._manifest(packed.proof_key, code, packed.photos, "packing", utc_now())
        self.take_in(replace(facts, closing="withdrawn", revision=2, digest="b" * 64))

    def take_in(self, facts: ManifestFacts) -> int:
        """What the link does with a manifest whose photos are there."""
        now = utc_now()

        def unit(session: Session) -> int:
            for photo in facts.photos:
                add_photo(session, photo.sha256, photo.size_bytes, facts.device_id, now)
            proof = accept_manifest(session, facts, now).proof
            assert proof is not None
            ask_for_dispatch(session, proof, now)
            return proof.id

        return self.database.write(unit, scoped(self.organisation_id))

    def _manifest(
        self, key: str, code: str, hashes: Sequence[str], mode: str, closed_at: datetime
    ) -> ManifestFacts:
        return ManifestFacts(
            proof_key=key,
            revision=1,
            digest="a" * 64,
            raw=b"{}",
            device_id="device-1",
            table_id=self.table_id,
            closing="send",
            mode=mode,
            code=code,
            photos=tuple(PhotoFacts(one, 1000, closed_at, True, "simulated") for one in hashes),
            sequence=1,
            opened_at=closed_at,
            closed_at=closed_at,
            clock_synced=True,
            packer=None,
        )

    # --- the engine -------------------------------------------------------------------------------

    def dispatcher(self, feed: ChangeFeed, **changes: Any) -> Dispatcher:
        return Dispatcher(
            database=self.database,
            store=self.store,
            feed=feed,
            gateway=self.gateway,
            settings=replace(SETTINGS, **changes),
            on_death=self.deaths.append,
        )

    @contextmanager
    def running(self, **changes: Any) -> Iterator[Dispatcher]:
        """A dispatcher that works until the block ends."""
        feed = ChangeFeed(self.database, on_death=self.deaths.append)
        dispatcher = self.dispatcher(feed, **changes)
        dispatcher.start()
        try:
            yield dispatcher
        finally:
            feed.close()
            dispatcher.stop()
        assert self.deaths == []

    def forget_end_of(self, sender_id: str) -> None:
        """As if the process had been killed instead of stopped."""

        def unit(session: Session) -> None:
            session.get_one(SenderProcess, sender_id).ended_at = None

        self.database.write(unit, TEST)

    def has_ended(self, sender_id: str) -> bool:
        with self.database.read(TEST) as session:
            return session.get_one(SenderProcess, sender_id).ended_at is not None

    def let_leases_lapse(self) -> None:
        def unit(session: Session) -> None:
            for message in session.scalars(select(Message).where(Message.lease_until.is_not(None))):
                message.lease_until = utc_now() - timedelta(seconds=1)

        self.database.write(unit, TEST)

    # --- what became of it ------------------------------------------------------------------------

    def dispatches_of(self, packed: Packed) -> list[Dispatch]:
        with self.database.read(TEST) as session:
            statement = select(Dispatch).where(Dispatch.proof_id == packed.proof_id)
            return list(session.scalars(statement.order_by(Dispatch.id)))

    def dispatch_of(self, packed: Packed) -> Dispatch:
        """The newest one."""
        return self.dispatches_of(packed)[-1]

    def messages_of(self, packed: Packed) -> Sequence[Message]:
        with self.database.read(TEST) as session:
            return messages_of(session, self.dispatch_of(packed).id)

    def attempts_of(self, message: Message) -> Sequence[Attempt]:
        with self.database.read(TEST) as session:
            statement = select(Attempt).where(Attempt.message_id == message.id)
            return session.scalars(statement.order_by(Attempt.number)).all()

    def conversation(self, packed: Packed) -> Conversation:
        with self.database.read(TEST) as session:
            return session.get_one(Conversation, self.dispatch_of(packed).conversation_id)

    def until(self, packed: Packed, *states: DispatchState, reason: str | None = None) -> Dispatch:
        """Wait for one of these states of the newest dispatch."""

        def look() -> Dispatch | None:
            assert self.deaths == []
            dispatch = self.dispatch_of(packed)
            fits = dispatch.state in states and reason in (None, dispatch.reason)
            return dispatch if fits else None

        try:
            return eventually(look)
        except AssertionError:
            dispatch = self.dispatch_of(packed)
            messages = [(one.kind, one.state, one.detail) for one in self.messages_of(packed)]
            raise AssertionError(
                f"not {states}, but {dispatch.state} for {dispatch.reason!r}"
                f" ({dispatch.detail}): {messages}"
            ) from None

    def until_message(self, packed: Packed, index: int, state: MessageState) -> Message:
        """Wait for a state of one message of the newest dispatch."""

        def look() -> Message | None:
            messages = self.messages_of(packed)
            return next((one for one in messages[index:][:1] if one.state is state), None)

        return eventually(look)

    def until_message_exists(self, packed: Packed, state: MessageState) -> Message:
        """Wait until some message of the newest dispatch is in this state."""

        def look() -> Message | None:
            fitting = (one for one in self.messages_of(packed) if one.state is state)
            return next(fitting, None)

        return eventually(look)

    def until_tried(self, packed: Packed, index: int) -> Message:
        """Wait until the first attempt at a message is over."""

        def look() -> Message | None:
            messages = self.messages_of(packed)
            if not messages:
                return None
            attempts = self.attempts_of(messages[index])
            return messages[index] if attempts and attempts[0].finished_at else None

        return eventually(look)

    def told(self, packed: Packed) -> int:
        """How often something about its dispatches was told."""
        subjects = [f"dispatch:{one.id}" for one in self.dispatches_of(packed)]
        with self.database.read(TEST) as session:
            return len(session.scalars(select(Change).where(Change.subject.in_(subjects))).all())

    # --- the buyer's side -------------------------------------------------------------------------

    def chat(self, buyer_id: int) -> list[dict[str, Any]]:
        """What this shop's app wrote, as the buyer sees it."""
        seen = self.sandbox.control.chat(self.sandbox.shop_id, buyer_id)["messages"]
        return [one for one in seen if one["source"] == "openapi"]

    def pictures(self, buyer_id: int) -> list[str]:
        """SHA-256 of the photos that the pictures in the chat show, in order."""
        return [photo for one in self.pictures_shown(buyer_id) for photo in one]

    def pictures_shown(self, buyer_id: int) -> list[tuple[str, ...]]:
        """The same by picture. KeyError: one that shows no photos of this bench."""
        seen = [one["image"]["sha256"] for one in self.chat(buyer_id) if one["image"]]
        return [self.shown[sha256] for sha256 in seen]

    def texts(self, buyer_id: int) -> list[str]:
        return [one["text"] for one in self.chat(buyer_id) if one["text"] is not None]

    def kinds(self, buyer_id: int) -> list[str]:
        return [one["message_type"] for one in self.chat(buyer_id)]

    def fault(self, kind: str, message_type: str | None = None, **fields: Any) -> None:
        """Something goes wrong when a message is sent."""
        self.sandbox.control.fault(kind, "send_message", message_type=message_type, **fields)

    def calls(self, path: str) -> int:
        """How often the marketplace was asked this."""
        return sum(one["path"].endswith(path) for one in self.sandbox.control.requests())

    def assert_untold(self) -> None:
        """Every message called sent has the id of a message of its own at the marketplace."""
        with self.database.read(TEST) as session:
            sent = session.scalars(select(Message).where(Message.state == MessageState.SENT)).all()
        ids = Counter(one.marketplace_message_id for one in sent)
        assert None not in ids
        assert all(count == 1 for count in ids.values())
