"""What every answer of the pages carries, and which requests are refused before they are read."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
"""Forms are short, and so are the records of packed orders."""
MAX_PHOTO_BYTES = 8 * 1024 * 1024
"""One photo of a browser; a frame of 4K is a quarter of it."""
PHOTO_UPLOADS = "/fulfillment/photos/"
"""Where photos come in; nothing else may be as long."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def security_headers(frame_origin: str) -> dict[str, str]:
    """Headers for every answer. ``frame_origin`` is the one host whose pages may be framed."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",  # Tabler's style sheet draws small marks with data addresses
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "frame-src": frame_origin or "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def comes_from_our_pages(headers: Mapping[str, str], public_origin: str) -> bool:
    """Whether a request that changes something was made by a page of ours.

    Browsers say so themselves (Sec-Fetch-Site; over plain HTTP to other machines only Origin).
    What says neither is no browser, and has no business with forms.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    host = headers.get("host", "")
    own = {f"http://{host}", f"https://{host}"} if host else set()
    return origin in own | ({public_origin} if public_origin else set())


class Guard:
    """Refuses what no page of ours sends, and adds the headers of security to every answer."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: Mapping[str, str],
        public_origin: str,
        refuse: Callable[[Request, HTTPStatus], Response],
    ) -> None:
        self._app = app
        self._headers = headers
        self._public_origin = public_origin
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, send_with_headers)
            return
        response = self._refuse(Request(scope), refused)
        await response(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> HTTPStatus | None:
        if scope["method"] in _SAFE_METHODS:
            return None
        headers = Headers(scope=scope)
        if not comes_from_our_pages(headers, self._public_origin):
            return HTTPStatus.FORBIDDEN
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return HTTPStatus.LENGTH_REQUIRED
        is_photo = scope["method"] == "PUT" and scope["path"].startswith(PHOTO_UPLOADS)
        most_bytes = MAX_PHOTO_BYTES if is_photo else MAX_BODY_BYTES
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if int(length) > most_bytes else None
