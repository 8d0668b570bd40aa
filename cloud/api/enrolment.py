"""A table hands in its claim code and gets its credentials; later it asks for them anew."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from cloud.database.errors import DatabaseError
from cloud.fleet.enrolment import Enrolment, EnrolmentRequest
from cloud.fleet.errors import (
    ClaimRefused,
    CredentialsRefused,
    DeviceNotAdmitted,
    FleetError,
    TableDisabled,
    TooManyClaims,
)
from cloud.fleet.renewal import Renewal, RenewalRequest

PATH = "/api/v1/enrolment"
RENEWAL_PATH = "/api/v1/renewal"

_MOST_BODY_BYTES = 4096
_NOT_KEPT = {"Cache-Control": "no-store"}
_STATUS: dict[type[FleetError], tuple[int, str]] = {
    ClaimRefused: (403, "claim-refused"),
    CredentialsRefused: (403, "credentials-refused"),
    TooManyClaims: (429, "too-many-claims"),
    DeviceNotAdmitted: (503, "not-admitted"),
    TableDisabled: (503, "table-disabled"),
}


async def _body(request: Request) -> bytes | None:
    """The body; None when it is longer than any request of ours (the caller is not known yet)."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY_BYTES:
            return None
    return body


def enrolment_routes(enrolment: Enrolment) -> APIRouter:
    """The route, bound to the enrolment of this program."""
    router = APIRouter()

    @router.post(PATH)
    def enrol(request: Request, body: Annotated[bytes | None, Depends(_body)]) -> Response:
        if body is None:
            return _refusal(413, "too-long", f"more than {_MOST_BODY_BYTES} bytes")
        try:
            wanted = EnrolmentRequest.model_validate_json(body)
        except ValidationError as error:
            return _refusal(422, "malformed", _what_is_wrong(error))
        return _answer(lambda: enrolment.enrol(wanted, _caller(request)))

    return router


def renewal_routes(renewal: Renewal) -> APIRouter:
    """The route, bound to the renewal of this program."""
    router = APIRouter()

    @router.post(RENEWAL_PATH)
    def renew(body: Annotated[bytes | None, Depends(_body)]) -> Response:
        if body is None:
            return _refusal(413, "too-long", f"more than {_MOST_BODY_BYTES} bytes")
        try:
            wanted = RenewalRequest.model_validate_json(body)
        except ValidationError as error:
            return _refusal(422, "malformed", _what_is_wrong(error))
        return _answer(lambda: renewal.renew(wanted))

    return router


def _caller(request: Request) -> str:
    return request.client.host if request.client else ""


def _answer(ask: Callable[[], BaseModel]) -> Response:
    try:
        answer = ask()
    except tuple(_STATUS) as error:
        status, name = _STATUS[type(error)]
        return _refusal(status, name, str(error))
    except DatabaseError:
        return _refusal(503, "no-database", "enrolment is not possible now; try again")
    return JSONResponse(answer.model_dump(mode="json"), headers=_NOT_KEPT)


def _refusal(status: int, name: str, text: str) -> Response:
    return JSONResponse({"error": name, "text": text}, status_code=status, headers=_NOT_KEPT)


def _what_is_wrong(error: ValidationError) -> str:
    """The field and the rule, never the value: it may be a claim code."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{field}: {first['msg']}"
