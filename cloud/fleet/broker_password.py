"""Password hashes in mosquitto's own format: ``$7$<iterations>$<salt>$<PBKDF2-SHA512>``.

Device passwords are 256 random bits, so the iterations need not slow a guesser down.
"""

import base64
import hashlib
import hmac
import secrets

ITERATIONS = 101
_SALT_BYTES = 12


def new_device_password() -> str:
    """A random password for a device, 256 bits."""
    return secrets.token_urlsafe(32)


def is_password(password: str, known: str) -> bool:
    """Whether a password has this hash. A hash of another form has no password."""
    try:
        _, _, _, salt, _ = known.split("$")
        own = broker_hash(password, base64.b64decode(salt))
    except ValueError:
        return False
    return hmac.compare_digest(own, known)


def broker_hash(password: str, salt: bytes | None = None) -> str:
    """The hash as it stands in the broker's password file."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
