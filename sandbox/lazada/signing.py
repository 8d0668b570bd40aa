"""Lazada's signatures (marketplace-apis 2.1 and 2.6). Pure."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

Pairs = Iterable[tuple[str, str]]


def sign(app_secret: str, path: str, parameters: Pairs, body: bytes = b"") -> str:
    """Upper-case hex HMAC-SHA256 over path, sorted parameters and a raw body if one is signed.

    `path` has no /rest, values are not encoded, `sign` itself and files are not among them.
    """
    joined = "".join(name + value for name, value in sorted(parameters, key=lambda pair: pair[0]))
    return _hmac_hex(app_secret, (path + joined).encode() + body).upper()


def sign_push(app_secret: str, app_key: str, body: bytes) -> str:
    """The Authorization header of a push: lower-case hex."""
    return _hmac_hex(app_secret, app_key.encode() + body)


def is_signed_by(given: str, expected: str) -> bool:
    """Whether a signature is the expected one, upper case included."""
    return hmac.compare_digest(given.encode(), expected.encode())


def signed_pairs(values: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """Parameters as they are signed: all but `sign`, a repeated one as often as it came."""
    return [
        (name, one)
        for name, value in values.items()
        if name != "sign"
        for one in (value if isinstance(value, list) else [value])
    ]


def _hmac_hex(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
