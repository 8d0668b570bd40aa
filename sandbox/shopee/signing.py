"""The platform's signature, checked over exactly what was received (marketplace-apis 1.1). Pure."""

import hashlib
import hmac


def signature(partner_key: str, *parts: str) -> str:
    """Lower-case hex HMAC-SHA256 over the parts joined without separators.

    Public calls sign partner id, path, timestamp; shop and merchant calls add the access token
    and their id. Other parameters and the body are not covered.
    """
    message = "".join(parts).encode()
    return hmac.new(partner_key.encode(), message, hashlib.sha256).hexdigest()


def push_signature(key: str, callback_url: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 over the registered address, a bar, and the raw body (1.6)."""
    return hmac.new(key.encode(), callback_url.encode() + b"|" + body, hashlib.sha256).hexdigest()


def is_signed_by(sign: str, partner_key: str, *parts: str) -> bool:
    """Compare in constant time; upper-case hex is another signature."""
    return hmac.compare_digest(sign.encode(), signature(partner_key, *parts).encode())
