"""When a mail that was not taken is tried again. Pure."""

from datetime import timedelta

_PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
)
_LONGEST = timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts (at least one)."""
    return _PAUSES[attempts - 1] if attempts <= len(_PAUSES) else _LONGEST
