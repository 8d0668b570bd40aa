"""The platform's signature, checked over exactly what was received (marketplace-apis 3.1). Pure."""

import hashlib
import hmac
from collections.abc import Mapping

UNSIGNED = frozenset({"sign", "access_token"})


def signature(
    app_secret: str, path: str, query: Mapping[str, str | list[str]], body: bytes = b""
) -> str:
    """Lower-case hex HMAC-SHA256 over secret, path, sorted query, body, secret.

    `query` has decoded values; a repeated key is signed each time it stands there. `body` is empty
    for multipart/form-data.
    """
    pairs = b"".join(
        (name + value).encode(errors="surrogatepass")
        for name in sorted(set(query) - UNSIGNED)
        for value in _all(query[name])
    )
    secret = app_secret.encode()
    return hmac.new(
        secret, secret + path.encode() + pairs + body + secret, hashlib.sha256
    ).hexdigest()


def webhook_signature(app_secret: str, app_key: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 over the app key and the raw body (3.6)."""
    return hmac.new(app_secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


def is_signature(given: str, wanted: str) -> bool:
    """Compare in constant time; upper-case hex is another signature."""
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def _all(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
