"""Shopee's signatures. Pure: no clock and no network (marketplace-apis 1.1 and 1.6)."""

import hashlib
import hmac


def sign(
    partner_key: str,
    *,
    partner_id: str,
    path: str,
    timestamp_s: int,
    access_token: str = "",
    owner_id: str = "",
) -> str:
    """The `sign` parameter: HMAC-SHA256 in lower-case hex.

    `path` begins with /api/v2/ and has neither host nor query. A public call has no token and no
    owner; `owner_id` is the shop id of a shop call or the merchant id of a merchant call. Neither
    the body nor any other query parameter is covered.
    """
    base = f"{partner_id}{path}{timestamp_s}{access_token}{owner_id}"
    return _hmac_hex(partner_key, base.encode())


def sign_push(key: str, *, callback_url: str, raw_body: bytes) -> str:
    """The `Authorization` header of a push to `callback_url`, the address exactly as registered."""
    return _hmac_hex(key, callback_url.encode() + b"|" + raw_body)


def is_signed_push(
    keys: tuple[str, ...], *, callback_url: str, raw_body: bytes, signature: str
) -> bool:
    """Whether one of `keys` made this signature; empty keys count for nothing.

    Teams report a separate push key besides the partner key that the guide names, so both are
    tried.
    """
    given = signature.encode(errors="replace")
    matches = [
        hmac.compare_digest(
            sign_push(key, callback_url=callback_url, raw_body=raw_body).encode(), given
        )
        for key in keys
        if key
    ]
    return any(matches)


def _hmac_hex(key: str, message: bytes) -> str:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
