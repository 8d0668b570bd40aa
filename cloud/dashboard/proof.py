"""The page of one proof: its photos, what became of them. Its forms: proof_forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.accounts.roles import Deed
from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.queries import messages_with_attempts
from cloud.conversations.states import DispatchState, MessageState, Reason
from cloud.dashboard.channels.channel_words import SELLER_CENTRES
from cloud.dashboard.parameters import RowInPath
from cloud.dashboard.proof_forms import PATH
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.marketplaces.registry import capabilities_of
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.holds import ShownHold, holds_of
from cloud.proofs.models import ProofPhoto
from cloud.proofs.queries import photos_of
from cloud.proofs.states import ProofState


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a send, with its attempts in order."""

    message: Message
    attempts: Sequence[Attempt]
    photo_numbers: tuple[int, ...]
    """Which of the proof's photos its picture shows, from 1."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One send of a proof: the first one or a resend."""

    dispatch: Dispatch
    asked_by: str
    """The member who pressed Resend; empty for the first."""
    by_hand: str
    """The member who sent it in the Seller Centre; empty: nobody."""
    parts: tuple[Part, ...]

    @property
    def state(self) -> ProofState:
        """Where it stands, in the words of the pages."""
        return ProofState(self.dispatch.state.value)

    @property
    def reason(self) -> Reason | None:
        """Why it stands there, when that needs saying."""
        return Reason(self.dispatch.reason) if self.dispatch.reason else None


@dataclass(frozen=True, slots=True)
class ProofView:
    """All that the page shows."""

    entry: LogEntry
    photos: Sequence[ProofPhoto]
    sendings: tuple[Sending, ...]
    holds: Sequence[ShownHold] = ()
    """All of them, oldest first."""

    @property
    def hold(self) -> ShownHold | None:
        """The hold that is in force."""
        return next((one for one in self.holds if one.released_at is None), None)

    @property
    def kept_photos(self) -> list[ProofPhoto]:
        """Those that are not deleted."""
        return [one for one in self.photos if one.deleted_at is None]

    @property
    def unconfirmed(self) -> list[Part]:
        """Messages of which a person must say whether they are in the chat."""
        return [
            part
            for sending in self.sendings
            for part in sending.parts
            if part.message.state is MessageState.UNCERTAIN
        ]

    @property
    def can_resend(self) -> bool:
        """Whether a resend would be taken: nothing is under way and all photos are kept."""
        under_way = {MessageState.SENDING, MessageState.UNCERTAIN}
        messages = [part.message for sending in self.sendings for part in sending.parts]
        is_whole = bool(self.photos) and len(self.kept_photos) == len(self.photos)
        return is_whole and not any(one.state in under_way for one in messages)

    @property
    def is_sent(self) -> bool:
        """Whether the buyer has the photos already."""
        return any(one.state is DispatchState.SENT for one in self.entry.dispatches)

    @property
    def has_part_of_it(self) -> bool:
        """Whether the buyer has something of it, so that everything again is another thing."""
        messages = [part.message for sending in self.sendings for part in sending.parts]
        return any(one.state is MessageState.SENT for one in messages)

    @property
    def channel_can_send(self) -> bool:
        """Whether programs may write in the chats of this shop at all."""
        shop = self.entry.shop
        return shop is None or capabilities_of(shop.channel, shop.country).can_send_chat

    @property
    def seller_centre(self) -> str:
        """Where the seller writes to buyers by hand; empty where it is not known."""
        shop = self.entry.shop
        return SELLER_CENTRES.get((shop.channel, shop.country), "") if shop else ""

    @property
    def can_be_noted_by_hand(self) -> bool:
        """Whether a person may say that they sent it themselves."""
        newest = self.sendings[-1].dispatch if self.sendings else None
        return (
            self.can_resend
            and newest is not None
            and newest.by_hand_at is None
            and newest.state is not DispatchState.SENT
        )


def proof_routes(site: Site) -> APIRouter:
    """Routes of the page."""
    router = APIRouter()

    @router.get(f"{PATH}/{{proof_id}}")
    def proof(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))],
        proof_id: RowInPath,
    ) -> Response:
        live_after = site.deps.feed.position()
        view = view_of(site, visitor, proof_id)
        notice = request.query_params.get("notice", "")
        return site.page(
            request, visitor, "proof.html", view=view, live_after=live_after, notice=notice
        )

    @router.get(f"{PATH}/{{proof_id}}/live")
    def live(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEE_PROOFS))],
        proof_id: RowInPath,
    ) -> Response:
        """What changes on the page."""
        view = view_of(site, visitor, proof_id)
        return site.page(request, visitor, "parts/proof.html", view=view)

    return router


def view_of(site: Site, visitor: Visitor, proof_id: int) -> ProofView:
    """All that is known of a proof. Raises HTTPException: there is none of that id."""
    with site.database.read(visitor.scope) as session:
        found = entries_of(session, [proof_id])
        shift = visitor.shift
        if not found or (shift is not None and not shift.covers(found[0].proof)):
            raise HTTPException(404)
        photos = photos_of(session, proof_id)
        sendings = _sendings(session, found[0], photos)
        return ProofView(found[0], photos, sendings, holds_of(session, proof_id))


def _sendings(
    session: Session, entry: LogEntry, photos: Sequence[ProofPhoto]
) -> tuple[Sending, ...]:
    asked = {one.asked_by_member_id for one in entry.dispatches if one.asked_by_member_id}
    by_hand = {one.by_hand_member_id for one in entry.dispatches if one.by_hand_member_id}
    names = member_names(session, asked | by_hand)
    numbers = {photo.sha256: place for place, photo in enumerate(photos, start=1)}
    parts: dict[int, list[Part]] = {one.id: [] for one in entry.dispatches}
    for message, attempts in messages_with_attempts(session, parts):
        shown = tuple(numbers[one] for one in message.photos.split() if one in numbers)
        parts[message.dispatch_id].append(Part(message, attempts, shown))
    return tuple(
        Sending(
            one,
            asked_by=names.get(one.asked_by_member_id or 0, ""),
            by_hand=names.get(one.by_hand_member_id or 0, ""),
            parts=tuple(parts[one.id]),
        )
        for one in entry.dispatches
    )
