"""The stream of events that keeps open pages up to date."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from cloud.dashboard.hearing import heard_by
from cloud.dashboard.parameters import LARGEST_ID, RowInQuery
from cloud.dashboard.site import Site
from cloud.dashboard.topics import EVERYTHING, topics_of
from cloud.dashboard.visitors import SignInNeeded, Visitor
from cloud.database.errors import TransientDatabaseError

logger = logging.getLogger(__name__)

BEAT_S = 15.0
"""A sign of life this often; a page that hears nothing for longer connects again."""
_MOST_AT_ONCE = 200


def event_routes(site: Site) -> APIRouter:
    """The route of the stream."""
    router = APIRouter()

    @router.get("/events")
    async def events(request: Request, after: RowInQuery = None) -> Response:
        try:
            visitor = await run_in_threadpool(site.visitor, request)
        except SignInNeeded:
            return Response(status_code=401)
        last = request.headers.get("last-event-id", "")
        stream = _Stream(site, visitor, _position(last, after))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream.frames(), media_type="text/event-stream", headers=headers)

    return router


def _position(last_event_id: str, after: int | None) -> int:
    """Where to go on: what the browser heard last, else what its page was made after."""
    is_number = last_event_id.isascii() and last_event_id.isdecimal()
    return min(int(last_event_id), LARGEST_ID) if is_number else after or 0


class _Stream:
    """One open page: what it has been told up to."""

    def __init__(self, site: Site, visitor: Visitor, last_id: int) -> None:
        self._site = site
        self._visitor = visitor
        self._last_id = last_id

    async def frames(self) -> AsyncIterator[str]:
        """Frames until the browser leaves, the member is signed out, or the program ends."""
        try:
            async for frame in self._frames():
                yield frame
        except TransientDatabaseError as error:
            # The browser comes again by itself, and goes on from its last id.
            logger.warning("a stream of events broke off: %s", error)

    async def _frames(self) -> AsyncIterator[str]:
        organisation_id = self._visitor.who.organisation_id
        with self._site.live.bell(organisation_id) as bell:
            yield self._frame("ready", [])
            while not self._site.live.is_closed:
                topics = await run_in_threadpool(self._news)
                if topics:
                    yield self._frame("news", topics)
                if topics is not None and await bell.heard_within(BEAT_S):
                    continue
                if not await run_in_threadpool(self._knows_listener):
                    yield self._frame("signed-out", [])
                    return
                yield self._frame("beat", [])

    def _news(self) -> list[str] | None:
        """Topics of what is new; None: nobody is signed in any more who could be told."""
        feed = self._site.deps.feed
        position = feed.position()
        changes = feed.after(self._last_id, self._visitor.who.organisation_id, _MOST_AT_ONCE)
        if len(changes) == _MOST_AT_ONCE:
            # Away for long: looking at everything once is less work than being told it all.
            self._last_id = max(position, changes[-1].id)
            return [EVERYTHING]
        if changes:
            if not self._knows_listener():
                return None
            self._last_id = changes[-1].id
        return topics_of(heard_by(self._visitor, self._site.database, changes))

    def _knows_listener(self) -> bool:
        """Look who listens: role and shops may have changed since the page was opened."""
        who = self._site.sign_ins.who(self._visitor.token)
        if who is not None:
            self._visitor = replace(self._visitor, who=who)
        return who is not None

    def _frame(self, event: str, data: Sequence[str]) -> str:
        return f"id: {self._last_id}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
