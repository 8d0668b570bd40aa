"""Rows for tests of the pages: an organisation with a shop, tables and proofs in every state."""

import hashlib
import io
import itertools
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from cloud.accounts.members import add_member
from cloud.accounts.models import Member
from cloud.accounts.passwords import hash_password
from cloud.accounts.roles import Role
from cloud.accounts.service import create_organisation
from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.outbox import tell
from cloud.conversations.states import (
    AttemptOutcome,
    DispatchKind,
    DispatchState,
    MessageKind,
    MessageState,
    Reason,
)
from cloud.database.changes import record_change
from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.fleet.models import Device, PackingTable
from cloud.orders.models import Order, Parcel
from cloud.photos.store import PhotoStore
from cloud.proofs.models import Photo, Proof, ProofPhoto
from cloud.shops.models import Shop
from cloud.shops.service import NewShop, add_shop

PASSWORD = "correct horse battery"
DAY = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
_numbers = itertools.count(1)
_password_hash = hash_password(PASSWORD)

MESSAGE_STATE_OF = {
    DispatchState.SENT: MessageState.SENT,
    DispatchState.FAILED: MessageState.FAILED,
    DispatchState.NOT_CONFIRMED: MessageState.UNCERTAIN,
    DispatchState.QUEUED: MessageState.QUEUED,
    DispatchState.HELD: MessageState.QUEUED,
    DispatchState.NOT_SHOWN: MessageState.NOT_SHOWN,
}


def picture(text: str) -> bytes:
    """A JPEG of its own for each text."""
    image = Image.new("RGB", (640, 480), (196, 164, 120))
    draw = ImageDraw.Draw(image)
    draw.rectangle((120, 110, 520, 400), fill=(224, 196, 150), outline=(120, 90, 50), width=6)
    draw.rectangle((210, 180, 430, 300), fill="white", outline="black", width=2)
    draw.text((225, 225), text, fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


@dataclass
class World:
    """One organisation, and what is in it. All methods commit."""

    database: Database
    store: PhotoStore
    organisation_id: int
    email: str
    member_id: int
    shop_id: int = 0
    table_id: int = 0
    device_id: str = ""

    @property
    def scope(self) -> Scope:
        return scoped(self.organisation_id)

    def add_table(self, name: str) -> int:
        """A table with a device of its own."""
        device_id = f"table-{next(_numbers):016x}"

        def unit(session: Session) -> int:
            table = PackingTable(name=name, created_at=DAY)
            session.add(table)
            session.flush()
            session.add(
                Device(
                    device_id=device_id,
                    table_id=table.id,
                    partition=0,
                    password_hash="-",
                    enrolled_at=DAY,
                    online=True,
                    last_seen_at=DAY + timedelta(hours=1),
                )
            )
            return table.id

        table_id = self.database.write(unit, self.scope)
        self.table_id, self.device_id = table_id, device_id
        return table_id

    def add_shop(self, name: str, channel: str = "shopee") -> int:
        new = NewShop(channel, "MY", str(22000000 + next(_numbers)), name, 10.0)
        shop_id = self.database.write(lambda session: add_shop(session, new, DAY).id, self.scope)
        self.shop_id = shop_id
        return shop_id

    def add_member(self, email: str, role: Role, shops: Collection[int] | None = None) -> int:
        """Somebody who may sign in, and sees these shops; None: all. Gives their id."""

        def unit(session: Session) -> int:
            return add_member(session, email, role, _password_hash, DAY, shops=shops).id

        return self.database.write(unit, self.scope)

    def tell_health(self, **fields: object) -> None:
        """The table tells how it is."""
        message = json.dumps({"sign": "ready", "open_photos": []} | fields)

        def unit(session: Session) -> None:
            device = session.query(Device).where(Device.device_id == self.device_id).one()
            device.health = message
            record_change(session, kind="table", subject=f"table:{self.table_id}")

        self.database.write(unit, self.scope)

    def add_photo(self, text: str) -> str:
        """A photo in the store and in the database; gives its hash."""
        data = picture(text)
        sha256 = hashlib.sha256(data).hexdigest()
        self.store.put(self.organisation_id, sha256, data)

        def unit(session: Session) -> None:
            session.add(
                Photo(sha256=sha256, size_bytes=len(data), device_id=self.device_id, stored_at=DAY)
            )

        self.database.write(unit, self.scope)
        return sha256

    def add_order(self, number: str, tracking: str = "") -> int:
        """An order of the newest shop; gives its id."""

        def unit(session: Session) -> int:
            order = Order(
                shop_id=self.shop_id,
                order_number=number,
                status="READY_TO_SHIP",
                buyer_id=str(900000000 + next(_numbers)),
                buyer_name="tan_weiming",
                ordered_at=DAY,
                changed_at=DAY,
                read_at=DAY,
            )
            session.add(order)
            session.flush()
            if tracking:
                session.add(
                    Parcel(
                        order_id=order.id,
                        package_number=f"P{order.id}",
                        tracking_number=tracking,
                        read_at=DAY,
                    )
                )
            return order.id

        return self.database.write(unit, self.scope)

    def add_proof(
        self,
        code: str,
        state: DispatchState | None = DispatchState.SENT,
        *,
        closing: str = "send",
        order_id: int | None = None,
        reason: Reason | None = None,
        photos: int = 2,
        closed_at: datetime = DAY,
        came_at: datetime | None = None,
        clock_synced: bool = True,
        warnings: str = "",
        packer: str | None = None,
    ) -> int:
        """A packed parcel, dispatched into a state; without one nobody asked to send it."""
        number = next(_numbers)
        hashes = [self.add_photo(f"{code} photo {place} ({number})") for place in range(photos)]

        def unit(session: Session) -> int:
            proof = Proof(
                proof_key=f"{number:032x}",
                device_id=self.device_id,
                table_id=self.table_id,
                code=code,
                closing=closing,
                mode="packing",
                revision=1,
                sequence=number,
                opened_at=closed_at - timedelta(seconds=40),
                packer=packer,
                photo_count=photos,
                received_at=came_at or closed_at + timedelta(seconds=2),
            )
            proof.close(closed_at, clock_synced=clock_synced)
            session.add(proof)
            session.flush()
            for place, sha256 in enumerate(hashes):
                session.add(
                    ProofPhoto(
                        proof_id=proof.id,
                        position=place,
                        sha256=sha256,
                        size_bytes=31_000,
                        taken_at=closed_at - timedelta(seconds=20 - place),
                        clock_synced=clock_synced,
                        source="simulated",
                        warnings=warnings,
                    )
                )
            if state is None:
                record_change(session, kind="proof", subject=f"proof:{proof.id}")
            else:
                self._dispatch(
                    session, proof, state, order_id=order_id, reason=reason, hashes=hashes
                )
            return proof.id

        return self.database.write(unit, self.scope)

    def let_batches_go(self) -> None:
        """As somebody allows it for the shop on Sales Channel."""

        def unit(session: Session) -> None:
            session.get_one(Shop, self.shop_id).batches_enabled = True

        self.database.write(unit, self.scope)

    def add_dispatch(
        self,
        proof_id: int,
        state: DispatchState,
        *,
        order_id: int | None = None,
        reason: Reason | None = None,
        by_member: bool = True,
    ) -> int:
        """Another send of a proof; gives its id."""

        def unit(session: Session) -> int:
            proof = session.get_one(Proof, proof_id)
            dispatch = self._dispatch(
                session, proof, state, order_id=order_id, reason=reason, hashes=[]
            )
            dispatch.asked_by_member_id = self.member_id if by_member else None
            return dispatch.id

        return self.database.write(unit, self.scope)

    def change_state(
        self, proof_id: int, state: DispatchState, reason: Reason | None = None
    ) -> None:
        """The newest send of a proof moves on."""

        def unit(session: Session) -> None:
            dispatch = (
                session.query(Dispatch)
                .where(Dispatch.proof_id == proof_id)
                .order_by(Dispatch.id.desc())
                .limit(1)
                .one()
            )
            dispatch.state = state
            dispatch.reason = reason.value if reason else ""
            tell(session, dispatch)

        self.database.write(unit, self.scope)

    def _dispatch(
        self,
        session: Session,
        proof: Proof,
        state: DispatchState,
        *,
        order_id: int | None,
        reason: Reason | None,
        hashes: list[str],
    ) -> Dispatch:
        order = session.get_one(Order, order_id) if order_id else None
        dispatch = Dispatch(
            kind=DispatchKind.PROOF,
            proof_id=proof.id,
            proof_key=proof.proof_key,
            device_id=proof.device_id,
            code=proof.code,
            shop_id=order.shop_id if order else None,
            order_id=order_id,
            state=state,
            reason=reason.value if reason else "",
            request_key=f"test:{next(_numbers)}",
            asked_at=proof.closed_at,
            created_at=proof.received_at,
            updated_at=proof.received_at,
        )
        session.add(dispatch)
        session.flush()
        if order is not None and state in MESSAGE_STATE_OF:
            self._messages(
                session, dispatch, order, MESSAGE_STATE_OF[state], reason=reason, hashes=hashes
            )
        tell(session, dispatch)
        return dispatch

    def _messages(
        self,
        session: Session,
        dispatch: Dispatch,
        order: Order,
        state: MessageState,
        *,
        reason: Reason | None,
        hashes: list[str],
    ) -> None:
        conversation = (
            session.query(Conversation).where(Conversation.buyer_id == order.buyer_id).first()
        )
        if conversation is None:
            conversation = Conversation(shop_id=order.shop_id, buyer_id=order.buyer_id)
            session.add(conversation)
            session.flush()
        dispatch.conversation_id = conversation.id
        contents: list[tuple[MessageKind, str, str]] = [
            (MessageKind.TEXT, f"Your order {order.order_number} is packed.\nThank you!", "")
        ]
        contents += [(MessageKind.IMAGE, "", sha256) for sha256 in hashes]
        for place, (kind, text, sha256) in enumerate(contents, start=1):
            is_last = place == len(contents)
            # The last message is in the state of the whole; those before it have been sent.
            own = state if is_last else MessageState.SENT
            has_id = own in {MessageState.SENT, MessageState.NOT_SHOWN}
            message = Message(
                dispatch_id=dispatch.id,
                conversation_id=conversation.id,
                shop_id=order.shop_id,
                position=place * 10,
                kind=kind,
                text=text,
                photos=sha256,
                order_number=order.order_number,
                state=own,
                not_before=dispatch.created_at,
                marketplace_message_id=str(next(_numbers)) if has_id else None,
                sent_at=dispatch.created_at + timedelta(seconds=place) if has_id else None,
                reason=reason.value if is_last and reason else "",
            )
            session.add(message)
            session.flush()
            if own is not MessageState.QUEUED:
                session.add(_attempt(message, own, reason if is_last else None))


def _attempt(message: Message, state: MessageState, reason: Reason | None) -> Attempt:
    outcomes = {
        MessageState.SENT: AttemptOutcome.SENT,
        MessageState.NOT_SHOWN: AttemptOutcome.SENT,
        MessageState.UNCERTAIN: AttemptOutcome.UNKNOWN,
    }
    return Attempt(
        message_id=message.id,
        number=1,
        fence=1,
        sender="sender-1",
        started_at=message.not_before + timedelta(seconds=1),
        finished_at=message.not_before + timedelta(seconds=2),
        outcome=outcomes.get(state, AttemptOutcome.REFUSED),
        reason=reason.value if reason else "",
        detail="error_content: not allowed here" if state is MessageState.FAILED else "",
    )


def add_world(database: Database, store: PhotoStore, email: str, *, name: str = "Demo") -> World:
    """A new organisation with an owner, a shop and a table."""

    def unit(session: Session) -> tuple[int, int]:
        organisation = create_organisation(session, name, email, _password_hash, DAY)
        member = session.query(Member).where(Member.email == email).one()
        return organisation.id, member.id

    organisation_id, member_id = database.write(unit, system("test"))
    world = World(database, store, organisation_id, email, member_id)
    world.add_shop(f"{name} Shop")
    world.add_table("Table 1")
    return world
