"""Secrets that a browser or a mail carries: only a hash of each is kept."""

import hashlib
import secrets


def new_token() -> str:
    """A secret of 256 bits that fits a cookie and an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of it. So long a secret is not found by trying, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).digest()
