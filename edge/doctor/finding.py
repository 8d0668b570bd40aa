"""What the doctor says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``report`` says it."""

    subject: str
    """A word or two that stay the same from version to version: programs look for them."""
    ok: bool
    text: str
    """What is so, with figures and the limit beside them. Without secrets."""
    to_do: str = ""
    """What a person should do; empty where nothing is wrong."""


def fine(subject: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(subject, ok=True, text=text)


def wrong(subject: str, text: str, *, to_do: str) -> Finding:
    """Something is wrong, and this is to be done."""
    return Finding(subject, ok=False, text=text, to_do=to_do)
