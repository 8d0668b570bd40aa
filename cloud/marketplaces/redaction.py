"""What a marketplace wrote about an error, fit for logs and pages. Pure."""

from collections.abc import Iterable

MAX_DETAIL_CHARS = 500


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text on one line, no longer than MAX_DETAIL_CHARS, with no secret in it."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_DETAIL_CHARS]
