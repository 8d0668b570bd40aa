"""The page of one proof: its photos, what became of them, and what a person can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from cloud.accounts.queries import member_names
from cloud.conversations.models import Attempt, Dispatch, Message
from cloud.conversations.queries import dispatch_of_message, messages_with_attempts
from cloud.conversations.states import DispatchState, MessageState
from cloud.dashboard.log_address import LOG_PATH
from cloud.dashboard.parameters import RowInForm, RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor, own_path
from cloud.database.base import utc_now
from cloud.dispatcher.errors import (
    NoSuchProof,
    NotConfirmedYet,
    ResendRefused,
    SettledAlready,
    StillBeingSent,
)
from cloud.dispatcher.resending import (
    ResendRequest,
    resend,
    settle_as_absent,
    settle_as_there,
)
from cloud.proofs.entries import LogEntry, entries_of
from cloud.proofs.models import ProofPhoto
from cloud.proofs.queries import photos_of

PATH = "/parcelguard/proofs"
_REFUSALS: tuple[tuple[type[ResendRefused], str], ...] = (
    (StillBeingSent, "still-being-sent"),
    (NotConfirmedYet, "not-confirmed"),
    (SettledAlready, "settled-already"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a send, with its attempts in order."""

    message: Message
    attempts: Sequence[Attempt]
    photo_number: int | None
    """Which of the proof's photos it is, from 1."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One send of a proof: the first one or a resend."""

    dispatch: Dispatch
    asked_by: str
    """The member who pressed Resend; empty for the first."""
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ProofView:
    """All that the page shows."""

    entry: LogEntry
    photos: Sequence[ProofPhoto]
    sendings: tuple[Sending, ...]

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
        """Whether a resend would be taken: nothing is under way and there are photos."""
        under_way = {MessageState.SENDING, MessageState.UNCERTAIN}
        messages = [part.message for sending in self.sendings for part in sending.parts]
        return bool(self.photos) and not any(one.state in under_way for one in messages)

    @property
    def is_sent(self) -> bool:
        """Whether the buyer has the photos already."""
        return any(one.state is DispatchState.SENT for one in self.entry.dispatches)


def proof_routes(site: Site) -> APIRouter:
    """Routes of the page and its forms."""
    router = APIRouter()

    @router.get(f"{PATH}/{{proof_id}}")
    def proof(
        request: Request, visitor: Annotated[Visitor, Depends(site.visitor)], proof_id: RowInPath
    ) -> Response:
        live_after = site.deps.feed.position()
        view = _view(site, visitor, proof_id)
        notice = request.query_params.get("notice", "")
        return site.page(
            request, visitor, "proof.html", view=view, live_after=live_after, notice=notice
        )

    @router.get(f"{PATH}/{{proof_id}}/live")
    def live(
        request: Request, visitor: Annotated[Visitor, Depends(site.visitor)], proof_id: RowInPath
    ) -> Response:
        """What changes on the page."""
        view = _view(site, visitor, proof_id)
        return site.page(request, visitor, "parts/proof.html", view=view)

    @router.post(f"{PATH}/{{proof_id}}/resend")
    def send_again(
        visitor: Annotated[Visitor, Depends(site.visitor)],
        proof_id: RowInPath,
        after: RowInForm,
        next: Annotated[str, Form()] = "",  # noqa: A002  the form's word
    ) -> Response:
        """Send again what the form showed; pressing it twice asks once."""
        request = ResendRequest(proof_id, visitor.who.member_id, f"{proof_id}:{after}")
        now = utc_now()

        def unit(session: Session) -> None:
            resend(session, request, now)

        return _done(site, visitor, proof_id, unit, notice="resend-asked", back_to=next)

    @router.post(f"{PATH}/{{proof_id}}/messages/{{message_id}}/{{answer}}")
    def settle(
        visitor: Annotated[Visitor, Depends(site.visitor)],
        proof_id: RowInPath,
        message_id: RowInPath,
        answer: str,
    ) -> Response:
        """A person has looked in the chat: the message is there, or it is not."""
        settlers = {"there": settle_as_there, "not-there": settle_as_absent}
        if answer not in settlers:
            raise HTTPException(404)
        now = utc_now()

        def unit(session: Session) -> None:
            dispatch = dispatch_of_message(session, message_id)
            if dispatch is None or dispatch.proof_id != proof_id:
                raise NoSuchProof("the message is of another proof")
            settlers[answer](session, message_id, now)

        return _done(site, visitor, proof_id, unit, notice="settled")

    return router


def _done(
    site: Site,
    visitor: Visitor,
    proof_id: int,
    unit: Callable[[Session], None],
    *,
    notice: str,
    back_to: str = "",
) -> Response:
    try:
        site.database.write(unit, visitor.scope)
    except NoSuchProof:
        raise HTTPException(404) from None
    except ResendRefused as refusal:
        notice = next(word for kind, word in _REFUSALS if isinstance(refusal, kind))
    page = f"{PATH}/{proof_id}"
    if own_path(back_to).startswith(LOG_PATH) and notice == "resend-asked":
        page = back_to
    joint = "&" if "?" in page else "?"
    return RedirectResponse(f"{page}{joint}{urlencode({'notice': notice})}", 303)


def _view(site: Site, visitor: Visitor, proof_id: int) -> ProofView:
    with site.database.read(visitor.scope) as session:
        found = entries_of(session, [proof_id])
        if not found:
            raise HTTPException(404)
        photos = photos_of(session, proof_id)
        return ProofView(found[0], photos, _sendings(session, found[0], photos))


def _sendings(
    session: Session, entry: LogEntry, photos: Sequence[ProofPhoto]
) -> tuple[Sending, ...]:
    members = {one.asked_by_member_id for one in entry.dispatches if one.asked_by_member_id}
    names = member_names(session, members)
    numbers = {photo.sha256: place for place, photo in enumerate(photos, start=1)}
    parts: dict[int, list[Part]] = {one.id: [] for one in entry.dispatches}
    for message, attempts in messages_with_attempts(session, parts):
        number = numbers.get(message.photo_sha256 or "")
        parts[message.dispatch_id].append(Part(message, attempts, number))
    return tuple(
        Sending(one, names.get(one.asked_by_member_id or 0, ""), tuple(parts[one.id]))
        for one in entry.dispatches
    )
