"""Records what members do on the pages: each form that is sent, and each export.

It stands around all routes, so that none can be forgotten. The entry is written before the answer
leaves, but in a transaction of its own: a process that dies between the two loses the entry. What
must not be lost is recorded in the transaction of the deed (accounts.audit.record).
"""

import logging
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.accounts.audit import Event, Recorded, record
from cloud.accounts.roles import Deed
from cloud.dashboard.visitors import ACCOUNT_PATH, Visitor
from cloud.database.base import utc_now
from cloud.database.errors import DatabaseError
from cloud.database.write import Database

logger = logging.getLogger(__name__)

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_VISITOR = "visitor"
_DEED = "deed"


def remember_visitor(request: Request, visitor: Visitor, deed: Deed | None = None) -> None:
    """Say who a request is of, and which deed it asks for."""
    request.state.visitor = visitor
    if deed is not None:
        request.state.deed = deed


def address_of(request: Request) -> str:
    """Where a request comes from; empty: not known."""
    return request.client.host if request.client else ""


class AuditTrail:
    """Writes entries of the audit log for what passes through it."""

    def __init__(self, app: ASGIApp, *, database: Database) -> None:
        self._app = app
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope["state"] = dict(scope.get("state") or {})

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start" and _VISITOR in state:
                await self._record(scope, state[_VISITOR], state.get(_DEED), message)
            await send(message)

        await self._app(scope, receive, send_recorded)

    async def _record(
        self, scope: Scope, visitor: Visitor, deed: Deed | None, answer: Message
    ) -> None:
        headers = Headers(raw=answer["headers"])
        is_export = "attachment" in headers.get("content-disposition", "")
        event = Event.EXPORT if is_export else _event(scope, deed)
        if event is None:
            return
        request = Request(scope)
        done = Recorded(
            at=utc_now(),
            event=event,
            member_id=visitor.who.member_id,
            what=_what(request, is_export=is_export),
            ending=_ending(answer["status"], headers),
            address=address_of(request),
        )
        await self._write(visitor, done, must=is_export)

    async def _write(self, visitor: Visitor, done: Recorded, *, must: bool) -> None:
        """``must``: nothing leaves without an entry. What was done cannot be taken back."""
        organisation_id = visitor.who.organisation_id
        try:
            await run_in_threadpool(
                self._database.write,
                lambda session: record(session, organisation_id, done),
                visitor.scope,
            )
        except DatabaseError:
            if must:
                raise
            logger.exception(
                "not in the audit log: %s %s",
                done.event,
                done.what,
                extra={"member": done.member_id},
            )


def _event(scope: Scope, deed: Deed | None) -> str | None:
    """What a form does; None: it is nothing to be kept."""
    if scope["method"] in _SAFE_METHODS:
        return None
    if deed is not None:
        return deed
    is_own = str(scope["path"]).startswith(f"{ACCOUNT_PATH}/")
    return Event.OWN_SIGN_IN if is_own else None


def _what(request: Request, *, is_export: bool) -> str:
    query = f"?{request.url.query}" if is_export and request.url.query else ""
    return f"{request.url.path}{query}"


def _ending(status: int, headers: Headers) -> str:
    """The word that a page was led on with says more than its status."""
    query = urlsplit(headers.get("location", "")).query
    return parse_qs(query).get("notice", [str(status)])[0]
