"""Whose a spool is, also while its table is not enrolled yet."""

import secrets
from pathlib import Path

from edge.spool.journal import FILE_NAME, connect
from edge.spool.salvage import owner_of

_UNENROLLED = "unenrolled-"


def owner_in(directory: Path) -> str | None:
    """The device whose proofs lie there; None where there is no spool yet, or it cannot be read."""
    path = directory / FILE_NAME
    return owner_of(path, connect) if path.exists() else None


def new_unenrolled_owner() -> str:
    """A name for the table until it has one; no other such table has it."""
    return f"{_UNENROLLED}{secrets.token_hex(8)}"


def is_unenrolled(owner: str | None) -> bool:
    """Whether nobody has taken these proofs over yet."""
    return owner is not None and owner.startswith(_UNENROLLED)
