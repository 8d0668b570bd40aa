"""TikTok Shop's signatures. Pure: no clock and no network (marketplace-apis 3.1 and 3.6)."""

import hashlib
import hmac
from collections.abc import Iterable

_NOT_SIGNED = frozenset({"sign", "access_token"})


def sign(app_secret: str, *, path: str, query: Iterable[tuple[str, str]], body: bytes = b"") -> str:
    """The `sign` parameter: HMAC-SHA256 in lower-case hex.

    `path` has neither host nor query, `query` holds decoded values, and `body` is what is sent byte
    for byte; it is empty for a multipart upload, which is not signed.
    """
    signed = sorted((pair for pair in query if pair[0] not in _NOT_SIGNED), key=_by_key)
    joined = "".join(key + value for key, value in signed)
    secret = app_secret.encode()
    return _hmac_hex(app_secret, secret + (path + joined).encode() + body + secret)


def is_signed_push(app_secret: str, *, app_key: str, raw_body: bytes, signature: str) -> bool:
    """Whether the `Authorization` header of a call to us was made with this app's secret."""
    expected = _hmac_hex(app_secret, app_key.encode() + raw_body)
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


def _by_key(pair: tuple[str, str]) -> str:
    # Values of a repeated key stay in their order.
    return pair[0]


def _hmac_hex(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
