"""Sending one claimed message: upload, commit `sending`, request, write what became of it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Attempt, Conversation, Dispatch, Message
from cloud.conversations.states import AttemptOutcome as Outcome
from cloud.conversations.states import MessageKind, Reason
from cloud.database.base import utc_now
from cloud.database.insisting import write_insisting
from cloud.database.scope import Scope, scoped
from cloud.database.sessions import Unit
from cloud.database.write import Database
from cloud.dispatcher.claims import Claim
from cloud.dispatcher.doubts import MAY_HAVE_ARRIVED
from cloud.dispatcher.errors import ClaimLost, PictureRefused
from cloud.dispatcher.pictures import chat_picture
from cloud.dispatcher.results import (
    Begun,
    begin_sending,
    finish_known_failure,
    finish_sent,
    finish_unknown,
    give_back,
)
from cloud.dispatcher.retry import Failures, Next, Step, step_after
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    OutgoingMessage,
    TextPart,
)
from cloud.marketplaces.errors import MarketplaceError, OutcomeUnknown
from cloud.photos.errors import PhotoDamaged, PhotoMissing, PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway, ShopKey
from cloud.shops.service import Purpose

logger = logging.getLogger(__name__)

_TRIES_AGAIN = frozenset({Next.AGAIN, Next.SLOW_DOWN, Next.REFRESH_TOKEN})
_JOB = (
    select(Message, Conversation.buyer_id, Dispatch.asked_at)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Dispatch, Dispatch.id == Message.dispatch_id)
    .where(Message.id == bindparam("message_id"))
)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed message as read for sending."""

    claim: Claim
    shop: ShopKey
    dispatch_id: int
    kind: MessageKind
    text: str
    photo_sha256: str | None
    order_number: str
    buyer_id: str
    uploaded_url: str | None
    """Of an earlier try, where it can still be used."""
    earlier: Failures
    is_too_old: bool
    """A failure is its end: it was asked for too long ago to be tried again."""

    @property
    def scope(self) -> Scope:
        """All writes about it happen in its organisation's scope."""
        return scoped(self.claim.organisation_id)


class Sending:
    """Sends claimed messages; used by all sender threads."""

    def __init__(
        self,
        *,
        database: Database,
        store: PhotoStore,
        gateway: ShopGateway,
        settings: DispatcherSettings,
        sender: str,
        on_doubt: Callable[[], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``on_doubt`` is called whenever it has become unknown what a request did."""
        self._database = database
        self._store = store
        self._gateway = gateway
        self._settings = settings
        self._sender = sender
        self._on_doubt = on_doubt
        self._monotonic_s = monotonic_s

    def send(self, claim: Claim) -> None:
        """Send one message. Every end is written; a lost claim ends without a word.

        Raises:
            DatabaseError: nothing more could be written. What was committed stands, and the sweep
                settles it when the lease has run out.
        """
        job = self._read(claim)
        try:
            self._send(job)
        except ClaimLost as lost:
            logger.warning("a claim was lost: %s", lost, extra=_ids(job))

    def _send(self, job: Job) -> None:
        try:
            line = self._gateway.line(job.shop, Purpose.CHAT)
            part, url = self._part(job, line)
        except NotAuthorized as error:
            self._write_failure(job, None, Step(Next.HOLD, Reason.AUTHORIZATION, str(error)))
            return
        except (PictureRefused, PhotoMissing, PhotoDamaged) as error:
            self._write_failure(
                job, None, Step(Next.FAIL_MESSAGE, Reason.PHOTO_DAMAGED, str(error))
            )
            return
        except PhotoStoreError as error:
            step = Step(Next.AGAIN, Reason.OUTAGE, str(error), self._wait_after(job))
            self._write_failure(job, None, step)
            return
        except MarketplaceError as error:
            self._fail(job, None, error)
            return
        self._request(job, line, part, url)

    def _request(self, job: Job, line: Line, part: MessagePart, url: str | None) -> None:
        before_s = self._monotonic_s()
        begun = self._begin(job, url)
        message = OutgoingMessage(
            buyer_id=job.buyer_id,
            order_number=job.order_number,
            part=part,
        )
        # A process that was stopped here must not write after its lease: the request's own deadline
        # counts from now and ends before the lease does.
        left_s = self._settings.lease.total_seconds() - (self._monotonic_s() - before_s)
        if left_s <= self._settings.request_deadline_s:
            self._write_result(job, lambda session: give_back(session, job.claim, begun.attempt_id))
            return
        try:
            sent = line.marketplace.send(
                line.access, message, deadline_s=self._settings.request_deadline_s
            )
        except MarketplaceError as error:
            self._fail(job, (begun, line), error)
            return
        self._write_result(job, lambda session: finish_sent(session, job.claim, begun, sent))
        logger.info("message sent", extra=_ids(job))

    def _begin(self, job: Job, url: str | None) -> Begun:
        def unit(session: Session) -> Begun:
            return begin_sending(
                session,
                job.claim,
                sender=self._sender,
                lease=self._settings.lease,
                uploaded_url=url,
            )

        return self._database.write(unit, job.scope)

    def _fail(self, job: Job, request: tuple[Begun, Line] | None, error: MarketplaceError) -> None:
        step = step_after(error, job.earlier, self._settings.back_off)
        logger.warning(
            "a message was not sent: %s",
            error.name,
            extra={**_ids(job), "next": step.next.name, "reason": step.reason.value},
        )
        if request is not None and step.next is Next.LOOK_INTO_CHAT:
            self._write_doubt(job, request[0], step, error)
            return
        if step.next is Next.LOOK_INTO_CHAT:
            # Before the request: an upload or a token; nothing of it is in the chat.
            step = replace(step, next=Next.AGAIN, wait=self._wait_after(job))
        if step.next is Next.REFRESH_TOKEN:
            step = self._with_new_token(job, request, step)
        self._write_failure(job, request[0].attempt_id if request else None, step)

    def _write_doubt(self, job: Job, begun: Begun, step: Step, error: MarketplaceError) -> None:
        unknown = isinstance(error, OutcomeUnknown)
        self._write_result(
            job,
            lambda session: finish_unknown(
                session,
                job.claim,
                begun.attempt_id,
                step,
                outcome=Outcome.UNKNOWN if unknown else Outcome.REFUSED,
                settle=self._settings.settle,
                back_off=self._settings.back_off,
            ),
        )
        self._on_doubt()

    def _with_new_token(self, job: Job, request: tuple[Begun, Line] | None, step: Step) -> Step:
        """Get a new token now; where that fails, wait or hold as that failure says."""
        try:
            line = request[1] if request else self._gateway.line(job.shop, Purpose.CHAT)
            self._gateway.token_rejected(job.shop, Purpose.CHAT, line)
        except NotAuthorized as error:
            return Step(Next.HOLD, Reason.AUTHORIZATION, str(error))
        except MarketplaceError as error:
            after = step_after(error, job.earlier, self._settings.back_off)
            if after.next in (Next.LOOK_INTO_CHAT, Next.REFRESH_TOKEN):
                return replace(after, next=Next.AGAIN, wait=self._wait_after(job))
            return after
        return step

    def _write_failure(self, job: Job, attempt_id: int | None, step: Step) -> None:
        if step.next is Next.HOLD:
            step = replace(step, wait=max(self._settings.held_check, self._wait_after(job)))
        elif job.is_too_old and step.next in _TRIES_AGAIN:
            step = replace(step, next=Next.FAIL_DISPATCH)
        self._write_result(
            job,
            lambda session: finish_known_failure(
                session, job.claim, attempt_id, step, self._settings.back_off
            ),
        )

    def _write_result(self, job: Job, unit: Unit[None]) -> None:
        write_insisting(self._database, unit, job.scope)

    def _wait_after(self, job: Job) -> timedelta:
        return self._settings.back_off.after(job.earlier.refused)

    def _part(self, job: Job, line: Line) -> tuple[MessagePart, str | None]:
        """The part to send; a picture is uploaded for this message alone (invariant 6).

        A second try sends the same upload: its address is what the chat is searched for, and a
        marketplace that has it already refuses the repetition.
        """
        if job.kind is MessageKind.TEXT:
            return TextPart(job.text), None
        if job.kind is MessageKind.ORDER_CARD:
            return OrderCardPart(job.order_number), None
        if job.uploaded_url:
            return ImagePart(job.uploaded_url), job.uploaded_url
        capabilities = line.marketplace.capabilities(line.access.country)
        photo = self._store.read(job.claim.organisation_id, job.photo_sha256 or "")
        picture = chat_picture(
            photo,
            max_bytes=capabilities.image_max_bytes,
            max_side_px=capabilities.image_max_side_px,
        )
        url = line.marketplace.upload_image(line.access, picture).url
        return ImagePart(url), url

    def _read(self, claim: Claim) -> Job:
        with self._database.read(scoped(claim.organisation_id)) as session:
            message, buyer_id, asked_at = session.execute(
                _JOB, {"message_id": claim.message_id}
            ).one()
            return Job(
                claim=claim,
                shop=ShopKey(claim.organisation_id, message.shop_id),
                dispatch_id=message.dispatch_id,
                kind=message.kind,
                text=message.text,
                photo_sha256=message.photo_sha256,
                order_number=message.order_number,
                buyer_id=buyer_id,
                uploaded_url=self._good_upload(message),
                earlier=_failures(session, message.id),
                is_too_old=utc_now() - asked_at > self._settings.too_old,
            )

    def _good_upload(self, message: Message) -> str | None:
        if message.uploaded_at is None:
            return None
        age = utc_now() - message.uploaded_at
        return message.uploaded_url if age < self._settings.upload_good_for else None


def _failures(session: Session, message_id: int) -> Failures:
    outcomes = session.scalars(select(Attempt.outcome).where(Attempt.message_id == message_id))
    every = list(outcomes)
    return Failures(
        refused=sum(one in (Outcome.REFUSED, Outcome.NOT_SENT) for one in every),
        unknown=any(one in MAY_HAVE_ARRIVED for one in every),
    )


def _ids(job: Job) -> dict[str, object]:
    return {
        "message_id": job.claim.message_id,
        "dispatch": job.dispatch_id,
        "shop": job.shop.shop_id,
    }
