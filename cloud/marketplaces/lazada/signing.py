"""Lazada's signatures. Pure: no clock and no network (marketplace-apis 2.1 and 2.6)."""

import hashlib
import hmac
from collections.abc import Mapping


def sign(app_secret: str, *, path: str, parameters: Mapping[str, str]) -> str:
    """The `sign` parameter: HMAC-SHA256 in upper-case hex.

    `path` has neither host nor `/rest`. `parameters` are all that the request has, in query and
    form together, except `sign` itself and files.
    """
    named = "".join(name + parameters[name] for name in sorted(parameters))
    return _hmac_hex(app_secret, (path + named).encode()).upper()


def sign_push(app_secret: str, *, app_key: str, raw_body: bytes) -> str:
    """The `Authorization` header of a push: HMAC-SHA256 in lower-case hex."""
    return _hmac_hex(app_secret, app_key.encode() + raw_body)


def is_signed_push(app_secret: str, *, app_key: str, raw_body: bytes, signature: str) -> bool:
    """Whether a push was signed with this secret; an empty one signs nothing."""
    if not app_secret:
        return False
    wanted = sign_push(app_secret, app_key=app_key, raw_body=raw_body)
    return hmac.compare_digest(wanted.encode(), signature.encode(errors="replace"))


def _hmac_hex(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
