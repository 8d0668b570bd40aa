"""Calls into a driver that may never come back."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class DeadlinePassed(Exception):
    """A call did not come back in time. It may still hold what it works on."""


def within(seconds: float, call: Callable[[], T], name: str) -> T:
    """The result of ``call``, made in a thread of its own.

    A call that takes longer is left behind: it ends when the driver lets go, or with the process.

    Raises:
        DeadlinePassed: it did not come back in time.
        BaseException: what ``call`` raised.
    """
    results: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            raised.append(error)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not results:
        raise DeadlinePassed(f"{name} took longer than {seconds:g} s")
    return results[0]
