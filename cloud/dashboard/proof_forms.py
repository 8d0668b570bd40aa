"""What a person can do about a proof: Resend, sent by hand, settling what is not confirmed."""

import logging
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.conversations.queries import dispatch_of_message
from cloud.dashboard.chat_log.address import LOG_PATH
from cloud.dashboard.parameters import LARGEST_ID, RowInPath
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor, own_path
from cloud.database.base import utc_now
from cloud.dispatcher.errors import (
    NoSuchProof,
    NotConfirmedYet,
    PhotosDeleted,
    ReasonMissing,
    ResendRefused,
    SentAlready,
    SettledAlready,
    StillBeingSent,
)
from cloud.dispatcher.resending import (
    ResendRequest,
    note_sent_by_hand,
    resend,
    settle_as_absent,
    settle_as_there,
)
from cloud.proofs.models import Proof

logger = logging.getLogger(__name__)

PATH = "/parcelguard/proofs"
_REFUSALS: tuple[tuple[type[ResendRefused], str], ...] = (
    (StillBeingSent, "still-being-sent"),
    (NotConfirmedYet, "not-confirmed"),
    (SettledAlready, "settled-already"),
    (ReasonMissing, "reason-missing"),
    (SentAlready, "sent-already"),
    (PhotosDeleted, "photos-deleted"),
)


class ResendForm(BaseModel):
    """The form of Resend."""

    after: int = Field(ge=0, le=LARGEST_ID)
    """The newest dispatch that the page showed: pressing twice asks once."""
    next: str = ""
    """Where to go on."""
    everything: bool = False
    note: str = ""


def proof_forms(site: Site) -> APIRouter:
    """Routes of the forms."""
    router = APIRouter()

    @router.post(f"{PATH}/{{proof_id}}/resend")
    def send_again(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))],
        proof_id: RowInPath,
        form: Annotated[ResendForm, Form()],
    ) -> Response:
        """Send again what is missing, or everything with a reason."""
        request = ResendRequest(
            proof_id,
            visitor.who.member_id,
            f"{proof_id}:{form.after}",
            everything=form.everything,
            note=form.note,
        )
        now = utc_now()

        def unit(session: Session) -> None:
            resend(session, request, now)

        return _done(site, visitor, proof_id, unit, notice="resend-asked", back_to=form.next)

    @router.post(f"{PATH}/{{proof_id}}/by-hand")
    def sent_by_hand(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))], proof_id: RowInPath
    ) -> Response:
        """The visitor has sent the photos in the Seller Centre."""
        now = utc_now()

        def unit(session: Session) -> None:
            note_sent_by_hand(session, proof_id, visitor.who.member_id, now)

        return _done(site, visitor, proof_id, unit, notice="by-hand-noted")

    @router.post(f"{PATH}/{{proof_id}}/messages/{{message_id}}/{{answer}}")
    def settle(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))],
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
    def noted(session: Session) -> str:
        unit(session)
        return session.get_one(Proof, proof_id).proof_key

    try:
        proof_key = site.database.write(noted, visitor.scope)
        ids = {"proof": proof_key, "member": visitor.who.member_id}
        logger.info("a person's word: %s", notice, extra=ids)
    except NoSuchProof:
        raise HTTPException(404) from None
    except ResendRefused as refusal:
        notice = next(word for kind, word in _REFUSALS if isinstance(refusal, kind))
    page = f"{PATH}/{proof_id}"
    if own_path(back_to).startswith(LOG_PATH) and notice == "resend-asked":
        page = back_to
    joint = "&" if "?" in page else "?"
    return RedirectResponse(f"{page}{joint}{urlencode({'notice': notice})}", 303)
