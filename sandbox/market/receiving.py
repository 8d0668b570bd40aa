"""Reading a request from the wire into plain values, before anything is judged."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from sandbox.market.parameters import Query, read_query
from sandbox.market.refusal import Refusal, Wording

LARGEST_BODY_BYTES = 64_000_000


@dataclass(frozen=True, repr=False)
class Received:
    """One request as it came: its body is not looked at before the signature is good.

    Names of headers are in lower case.
    """

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    client: tuple[str, int]

    @property
    def content_type(self) -> str:
        """The declared type of the body, with its parameters."""
        return self.headers.get("content-type", "")

    @property
    def is_multipart(self) -> bool:
        """Whether the body is declared as parts."""
        return self.content_type.startswith("multipart/form-data")


@dataclass(frozen=True, repr=False)
class Parts:
    """The parts of a multipart body: values, and the bytes of files by the name of the field."""

    values: Query = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


async def receive(request: Request, *, too_big: Wording) -> Received:
    """Read the request to its end. Raises Refusal when the body is unreasonably big."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise too_big.refusal()
    client = request.client
    return Received(
        method=request.method,
        path=request.url.path,
        query=read_query(request.url.query),
        headers=dict(request.headers),
        body=bytes(body),
        base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
        client=(client.host, client.port) if client else ("", 0),
    )


def json_body(received: Received, *, error: str) -> dict[str, Any]:
    """The JSON object in the body; no body counts as an empty one."""
    if not received.body:
        return {}
    try:
        value = json.loads(received.body)
    except (ValueError, RecursionError) as problem:  # RecursionError: a body of brackets alone
        raise Refusal(error, "The body is not JSON.") from problem
    if not isinstance(value, dict):
        raise Refusal(error, "The body must be a JSON object.")
    return value


def form_body(received: Received, *, error: str) -> Query:
    """The values of an application/x-www-form-urlencoded body."""
    try:
        return read_query(received.body.decode())
    except UnicodeDecodeError as problem:
        raise Refusal(error, "The body is not a form in UTF-8.") from problem


async def read_parts(received: Received, *, error: str) -> Parts:
    """The parts of a multipart/form-data body; none when it is declared as something else."""
    if not received.is_multipart:
        return Parts()
    parser = MultiPartParser(Headers({"content-type": received.content_type}), _once(received.body))
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as problem:
        raise Refusal(error, "The body is not whole multipart/form-data.") from problem
    parts = Parts()
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                parts.files[name] = await value.read()
            else:
                parts.values[name] = value
    finally:
        await form.close()
    return parts


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
