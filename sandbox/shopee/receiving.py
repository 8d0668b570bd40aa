"""Reading a request from the wire into plain values, before anything is judged."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from sandbox.shopee.errors import ERROR_PARAM, Refusal
from sandbox.shopee.gate import SignedRequest
from sandbox.shopee.parameters import read_query

LARGEST_BODY_BYTES = 64_000_000


@dataclass(frozen=True, repr=False)
class Received:
    """One request as it came: its body is not looked at before the signature is good."""

    method: str
    path: str
    query: dict[str, str | list[str]]
    content_type: str
    body: bytes
    base_url: str
    client: tuple[str, int]

    @property
    def signed(self) -> SignedRequest:
        """What signature and token are checked on."""
        return SignedRequest(self.path, self.query)


async def receive(request: Request) -> Received:
    """Read the request to its end. Raises Refusal when the body is unreasonably big."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise Refusal(ERROR_PARAM, "The body is too big.", http_status=413)
    client = request.client
    return Received(
        method=request.method,
        path=request.url.path,
        query=read_query(request.url.query),
        content_type=request.headers.get("content-type", ""),
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
    except ValueError as problem:
        raise Refusal(error, "The body is not JSON.") from problem
    if not isinstance(value, dict):
        raise Refusal(error, "The body must be a JSON object.")
    return value


async def uploaded_file(received: Received, *, error: str) -> bytes | None:
    """The bytes of the multipart field `file`, or None when there is no such field."""
    if not received.content_type.startswith("multipart/form-data"):
        return None
    parser = MultiPartParser(Headers({"content-type": received.content_type}), _once(received.body))
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as problem:
        raise Refusal(error, "The body is not whole multipart/form-data.") from problem
    try:
        file = form.get("file")
        return await file.read() if isinstance(file, UploadFile) else None
    finally:
        await form.close()


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
