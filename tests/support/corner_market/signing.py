"""Corner's signatures. Pure."""

import hashlib
import hmac


def sign(secret: str, *, app: str, call: str, time_s: int, token: str, body: bytes) -> str:
    """The `x-sign` header of a call."""
    return _hex(secret, f"{app}|{call}|{time_s}|{token}|".encode() + body)


def is_signed_push(secret: str, *, raw_body: bytes, signature: str) -> bool:
    """Whether a push was signed with this secret; an empty one signs nothing."""
    wanted = _hex(secret, raw_body).encode()
    return bool(secret) and hmac.compare_digest(wanted, signature.encode(errors="replace"))


def _hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
