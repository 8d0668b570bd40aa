"""POST /hooks/<channel>/<key>: what marketplaces tell us by themselves."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from cloud.database.errors import DatabaseError
from cloud.marketplaces.errors import MalformedPush
from cloud.shops.push_apps import push_path
from cloud.sync.errors import OutsideWindow, UnknownAddress, WrongSignature
from cloud.sync.intake import PushIntake

PATH = push_path("{channel}", "{push_id}")
MOST_BODY_BYTES = 256 * 1024
"""A long chat message with its order is a few kilobytes."""

logger = logging.getLogger(__name__)

_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    UnknownAddress: (404, "unknown"),
    WrongSignature: (401, "wrong-signature"),
    OutsideWindow: (400, "outside-window"),
    MalformedPush: (400, "malformed"),
}


async def _body(request: Request) -> bytes | None:
    """The body as received; None when it is longer than any push."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            return None
    return bytes(body)


def push_routes(intake: PushIntake) -> APIRouter:
    """The route, bound to the intake of this program."""
    router = APIRouter()

    @router.post(PATH)
    def push(
        channel: str,
        push_id: str,
        request: Request,
        body: Annotated[bytes | None, Depends(_body)],
    ) -> Response:
        if body is None:
            return _refusal(413, "too-long")
        signature = request.headers.get("authorization", "")
        try:
            intake.take(channel, push_id, body, signature)
        except tuple(_REFUSALS) as error:
            return _refusal(*_REFUSALS[type(error)])
        except DatabaseError as error:
            # Whoever repeats pushes does so after an error; the others' are read again by time.
            logger.warning("a push cannot be kept now: %s", type(error).__name__)
            return _refusal(503, "not-now")
        return Response(status_code=200)

    return router


def _refusal(status: int, name: str) -> Response:
    """Says no more than its name: the caller may be anybody."""
    return JSONResponse({"error": name}, status_code=status)
