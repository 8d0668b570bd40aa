"""Time-based one-time codes, as authenticator apps make them (RFC 6238 with HMAC-SHA-1). Pure."""

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
"""As long as the hash (RFC 4226 4, R6)."""
_DRIFT_STEPS = 1
"""How far a phone's clock may be off, either way (RFC 6238 5.2)."""
_ISSUER = "Packwitness"


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step, counted from 1970 (RFC 4226 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(at: datetime) -> int:
    """The time step of a moment."""
    return int(at.timestamp()) // STEP_S


def matching_step(secret: bytes, typed: str, at: datetime, after: int) -> int | None:
    """The step whose code was typed, later than step ``after``; None: it is none of them."""
    now = step_of(at)
    found = None
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        is_it = hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
        if is_it and step > after:
            found = step
    return found


def typeable(secret: bytes) -> str:
    """The secret as apps take it by hand."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, email: str) -> str:
    """What the QR code for apps says (Key URI format)."""
    label = quote(f"{_ISSUER}:{email}", safe="")
    return f"otpauth://totp/{label}?secret={typeable(secret)}&issuer={_ISSUER}"
