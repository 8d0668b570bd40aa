"""Answers a broker of one's own that asks who may connect and do what (RabbitMQ's HTTP backend).

It sends forms and reads ``allow`` or ``deny``. Only the question who may connect needs the
database; the others come with every message, and are answered from the user name alone.
"""

import hmac
import logging
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import is_password
from cloud.fleet.broker_rights import Asked, may, may_connect_as
from cloud.fleet.service import find_device

logger = logging.getLogger(__name__)

_MOST_BODY_BYTES = 16 * 1024
_MOST_FIELDS = 32
_ASKING = system("who may connect to the broker")

Form = Mapping[str, str]


async def _form(request: Request) -> Form:
    """What was asked; empty, so that it is denied, when it is no question of a broker."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY_BYTES:
            return {}
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:  # no UTF-8, or too many fields
        return {}


Asking = Annotated[Form, Depends(_form)]


def broker_door(database: Database, username: str, password: str) -> APIRouter:
    """The four questions. ``username`` and ``password`` are the cloud's own at the broker."""
    router = APIRouter()

    @router.post("/user")
    def user(form: Asking) -> Response:
        name, given = form.get("username", ""), form.get("password", "")
        if not may_connect_as(name, form.get("client_id", ""), username):
            return _answer(allowed=False)
        if name == username:
            is_right = hmac.compare_digest(given.encode(), password.encode())
            return _answer(allowed=bool(password) and is_right)
        try:
            return _answer(allowed=_is_device(database, name, given))
        except DatabaseError as error:
            logger.warning("the broker cannot be told who may connect: %s", error)
            return Response("deny", status_code=503, media_type="text/plain")

    # Without a thread for each: these come with every message, and wait for nothing.
    @router.post("/vhost")
    async def vhost(form: Asking) -> Response:
        return _answer(allowed=bool(form.get("username")))

    @router.post("/resource")
    async def resource(form: Asking) -> Response:
        return _answer(allowed=may(_asked(form), username))

    @router.post("/topic")
    async def topic(form: Asking) -> Response:
        return _answer(allowed=may(_asked(form), username))

    return router


def _asked(form: Form) -> Asked:
    return Asked(
        username=form.get("username", ""),
        resource=form.get("resource", ""),
        name=form.get("name", ""),
        permission=form.get("permission", ""),
        routing_key=form.get("routing_key", ""),
    )


def _is_device(database: Database, device_id: str, password: str) -> bool:
    with database.read(_ASKING) as session:
        device = find_device(session, device_id)
        known = device.password_hash if device is not None else None
    return known is not None and is_password(password, known)


def _answer(*, allowed: bool) -> Response:
    return Response("allow" if allowed else "deny", media_type="text/plain")
