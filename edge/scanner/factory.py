"""Builds the input devices that the settings name."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from edge.clock import Clock
from edge.events import Action, Post
from edge.scanner import InputDevice
from edge.scanner.bound_inputs import BoundSettings, bound_inputs
from edge.scanner.errors import InputFault
from edge.scanner.simulated import SimulatedInput


class InputSettings(BoundSettings, Protocol):
    """The settings read here."""

    @property
    def kinds(self) -> Sequence[str]:
        """``evdev``, ``terminal`` and ``simulated``, each at most once; empty for none."""
        ...

    @property
    def keys(self) -> Mapping[str, Action]:
        """Key of the terminal to action, such as ``f1`` to ``photo``."""
        ...

    @property
    def words(self) -> Mapping[str, Action]:
        """Typed word to action, such as ``p`` to ``photo``."""
        ...

    @property
    def escape_wait_ms(self) -> int:
        """How long the terminal waits for what follows an Escape."""
        ...


_Maker = Callable[[InputSettings, Post, Clock], Sequence[InputDevice]]


def build_inputs(settings: InputSettings, post: Post, clock: Clock) -> list[InputDevice]:
    """The input devices of the settings, not started yet.

    Raises:
        InputFault: the settings name a kind that does not exist, or one twice; or its library is
            missing.
    """
    for kind in settings.kinds:
        if kind not in _MAKERS:
            known = ", ".join(_MAKERS)
            raise InputFault(f"input kind {kind!r} is not known: use one of {known}")
        if settings.kinds.count(kind) > 1:
            raise InputFault(f"input kind {kind!r} is named twice: name each once")
    return [one for kind in settings.kinds for one in _MAKERS[kind](settings, post, clock)]


def _evdev(settings: InputSettings, post: Post, clock: Clock) -> Sequence[InputDevice]:
    return bound_inputs(settings, post, clock)


def _terminal(settings: InputSettings, post: Post, clock: Clock) -> Sequence[InputDevice]:
    # The key parser brings 16 MB that a table with a real scanner does not need.
    from edge.scanner.terminal import TerminalInput  # noqa: PLC0415 - see above

    terminal = TerminalInput(
        descriptor=_standard_input(),
        post=post,
        monotonic_ns=clock.monotonic_ns,
        keys=settings.keys,
        words=settings.words,
        escape_wait_ms=settings.escape_wait_ms,
    )
    return [terminal]


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError) as error:  # none, replaced or closed
        raise InputFault(
            "there is no terminal to read from: start the program in one, or set another input"
        ) from error


def _simulated(_settings: InputSettings, post: Post, clock: Clock) -> Sequence[InputDevice]:
    return [SimulatedInput(post=post, monotonic_ns=clock.monotonic_ns)]


_MAKERS: Mapping[str, _Maker] = {
    "evdev": _evdev,
    "terminal": _terminal,
    "simulated": _simulated,
}
