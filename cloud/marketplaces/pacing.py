"""Letting a caller pace the requests that a call makes, of which it may make several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_before: ContextVar[Callable[[], None] | None] = ContextVar("before_each_request", default=None)


@contextmanager
def before_each_request(wait: Callable[[], None]) -> Iterator[None]:
    """Inside this block, `wait` is called before each request of this thread goes out.

    What it raises ends the call; nothing was sent then.
    """
    token = _before.set(wait)
    try:
        yield
    finally:
        _before.reset(token)


def wait_for_turn() -> None:
    """Said before a request goes out."""
    wait = _before.get()
    if wait is not None:
        wait()
