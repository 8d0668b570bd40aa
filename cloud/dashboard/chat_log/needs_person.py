"""Needs a person: each question with its answers, for one order and for many at once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from cloud.accounts.roles import Deed
from cloud.conversations.models import NOTE_LENGTH
from cloud.dashboard.channels.channel_words import SELLER_CENTRES
from cloud.dashboard.parameters import LARGEST_ID, RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.database.base import utc_now
from cloud.dispatcher.answers import Answer, PersonsAnswer, answers_to, take_answer
from cloud.dispatcher.errors import ResendRefused
from cloud.proofs.entries import LogEntry
from cloud.proofs.log_filter import LogFilter, Window
from cloud.proofs.log_queries import Found, log_entries
from cloud.proofs.models import ProofPhoto
from cloud.proofs.queries import photos_of_each
from cloud.proofs.states import ProofState

logger = logging.getLogger(__name__)

PATH = "/parcelguard/needs-person"
ROWS_PER_PAGE = 50
_WAITING = (ProofState.NOT_CONFIRMED, ProofState.NEEDS_PERSON)
_CHOICE = r"[0-9]{1,19}:[0-9]{1,19}"


@dataclass(frozen=True, slots=True)
class Question:
    """An order that waits for an answer."""

    entry: LogEntry
    answers: tuple[Answer, ...]
    photos: Sequence[ProofPhoto]

    @property
    def choice(self) -> str:
        """Which order, as it stands now."""
        newest = self.entry.newest
        return f"{self.entry.proof.id}:{newest.id if newest else 0}"

    @property
    def seller_centre(self) -> str:
        """Where to look in the chat; empty where it is not known."""
        shop = self.entry.shop
        return SELLER_CENTRES.get((shop.channel, shop.country), "") if shop else ""


@dataclass(frozen=True, slots=True)
class Questions:
    """One page of them."""

    every: Sequence[Question]
    older_than: int | None
    """Where the next page begins; None: this is the last one."""

    @property
    def about_chat(self) -> list[Question]:
        """Is it in the chat?"""
        return [one for one in self.every if Answer.THERE in one.answers]

    @property
    def about_sending(self) -> list[Question]:
        """Should it be sent?"""
        return [one for one in self.every if Answer.LEAVE in one.answers]


class AnswerForm(BaseModel):
    """The forms of the page: an answer for all that are ticked, or for one alone."""

    chosen: list[Annotated[str, Field(pattern=f"^{_CHOICE}$")]] = Field(default=[], max_length=200)
    answer: Answer | None = None
    only: str = Field(default="", pattern=f"^({_CHOICE}:(there|not-there|send|leave))?$")
    note: str = Field(default="", max_length=NOTE_LENGTH)

    def given(self, member_id: int) -> list[PersonsAnswer]:
        """What was answered; nothing when nothing was ticked."""
        answer = self.answer
        chosen = self.chosen
        if self.only:
            choice, _colon, word = self.only.rpartition(":")
            answer, chosen = Answer(word), [choice]
        pairs = [tuple(map(int, one.split(":"))) for one in chosen]
        return [
            PersonsAnswer(proof_id, dispatch_id, member_id, answer, self.note)
            for proof_id, dispatch_id in pairs
            if answer is not None and max(proof_id, dispatch_id) <= LARGEST_ID
        ]


def needs_person_routes(site: Site) -> APIRouter:
    """Routes of the page and its answers."""
    router = APIRouter()

    @router.get(PATH)
    def page(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))],
        before: RowInQuery = None,
    ) -> Response:
        with site.database.read(visitor.scope) as session:
            questions = _questions(session, before)
        said = request.query_params
        return site.page(
            request,
            visitor,
            "needs_person.html",
            questions=questions,
            is_first=before is None,
            notice=said.get("notice", ""),
            changed=_count(said.get("changed", "")),
        )

    @router.post(PATH)
    def answer(
        visitor: Annotated[Visitor, Depends(site.who_may(Deed.SEND_AGAIN))],
        form: Annotated[AnswerForm, Form()],
    ) -> Response:
        """Each for itself: one that cannot be done any more stops none of the others."""
        given = form.given(visitor.who.member_id)
        taken = sum(_take(site, visitor, one) for one in given)
        said: dict[str, str | int] = {"changed": len(given) - taken}
        if taken or not given:
            said["notice"] = "answers-taken" if given else "nothing-chosen"
        return RedirectResponse(f"{PATH}?{urlencode(said)}", 303)

    return router


def _questions(session: Session, before: int | None) -> Questions:
    window = Window(ROWS_PER_PAGE + 1, before=before)
    found = log_entries(session, LogFilter(states=_WAITING), window)
    entries = found.entries[:ROWS_PER_PAGE]
    photos = photos_of_each(session, [one.proof.id for one in entries])
    every = [
        Question(one, answers_to(one.newest), photos.get(one.proof.id, []))
        for one in entries
        if one.newest is not None
    ]
    return Questions(every, _next(found, entries))


def _next(found: Found, entries: Sequence[LogEntry]) -> int | None:
    if len(found.entries) > len(entries):
        return entries[-1].proof.id
    return found.stopped_at


def _take(site: Site, visitor: Visitor, given: PersonsAnswer) -> bool:
    now = utc_now()
    try:
        site.database.write(lambda session: take_answer(session, given, now), visitor.scope)
    except ResendRefused:
        return False
    ids = {"proof_id": given.proof_id, "member": given.member_id}
    logger.info("a person's word: %s", given.answer.value, extra=ids)
    return True


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
