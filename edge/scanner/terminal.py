"""The keyboard of a terminal (or a pipe) as scanner and pedal in one, for machines without both."""

import atexit
import logging
import os
import selectors
import termios
import threading
import tty
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edge.events import Action, ActionPressed, DeviceLost, Event, Post, ScanIncomplete, Scanned
from edge.scanner.errors import InputFault
from edge.scanner.keys import KeyParser
from edge.scanner.typed import DEFAULT_KEYS, DEFAULT_WORDS, TooLong, Typed, TypedLine

_log = logging.getLogger(__name__)

_READ_BYTES = 4096
_STOP_DEADLINE_S = 2.0


class TerminalInput:
    """Follows ``InputDevice``. Reads a file descriptor that stays the caller's.

    A terminal is switched to single keys without echo, and always switched back: by ``stop``, when
    it ends, and when the process does. A closed terminal cannot come back: it is lost once, for
    good.
    """

    def __init__(
        self,
        *,
        descriptor: int,
        post: Post,
        monotonic_ns: Callable[[], int],
        name: str = "terminal",
        keys: Mapping[str, Action] = DEFAULT_KEYS,
        words: Mapping[str, Action] = DEFAULT_WORDS,
        escape_wait_ms: int = 100,
    ) -> None:
        self._descriptor = descriptor
        self._post = post
        self._monotonic_ns = monotonic_ns
        self._name = name
        self._parser = KeyParser()
        self._line = TypedLine(keys, words)
        self._escape_wait_s = escape_wait_ms / 1000
        self._terminal_modes: list[Any] | None = None
        self._wake: int | None = None
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None

    @property
    def name(self) -> str:
        """See ``InputDevice``."""
        return self._name

    def start(self) -> None:
        """See ``InputDevice``."""
        try:
            os.fstat(self._descriptor)
        except OSError as error:
            raise InputFault(
                f"{self._name}: there is no terminal to read from ({error.strerror}); "
                "start the program in one, or set another kind of input"
            ) from error
        self._take_terminal()
        woken, self._wake = os.pipe2(os.O_CLOEXEC)
        self._stopping.clear()
        self._reader = threading.Thread(
            target=self._run, args=(woken,), name=f"input-{self._name}", daemon=True
        )
        self._reader.start()

    def stop(self) -> None:
        """See ``InputDevice``."""
        reader, self._reader = self._reader, None
        if reader is None or self._wake is None:
            return
        self._stopping.set()
        os.close(self._wake)
        reader.join(_STOP_DEADLINE_S)
        self._give_terminal_back()

    def alive(self) -> bool:
        """See ``InputDevice``. True also after the terminal was closed, until ``stop``."""
        return self._reader is not None and self._reader.is_alive()

    def _take_terminal(self) -> None:
        if not os.isatty(self._descriptor):
            return
        self._terminal_modes = termios.tcgetattr(self._descriptor)
        atexit.register(self._give_terminal_back)
        # Ctrl-C keeps its meaning in this mode.
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)

    def _give_terminal_back(self) -> None:
        modes, self._terminal_modes = self._terminal_modes, None
        if modes is None:
            return
        atexit.unregister(self._give_terminal_back)
        try:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, modes)
        except (OSError, termios.error) as error:  # it is closed: there is nothing to restore
            _log.debug("terminal not restored", extra={"device": self._name, "reason": str(error)})

    def _run(self, woken: int) -> None:
        try:
            # poll, unlike epoll, also takes /dev/null and files.
            with selectors.PollSelector() as selector:
                selector.register(woken, selectors.EVENT_READ)
                selector.register(self._descriptor, selectors.EVENT_READ)
                self._read_until_lost(selector)
                if self._stopping.is_set():
                    return
                selector.unregister(self._descriptor)
                self._lose()
                selector.select()  # nothing more can come but the stop
        finally:
            os.close(woken)

    def _read_until_lost(self, selector: selectors.BaseSelector) -> None:
        timeout_s: float | None = None
        at_ns = 0
        while True:
            ready = selector.select(timeout_s)
            if self._stopping.is_set():
                return
            if not ready:
                self._press(self._parser.flush(), at_ns)  # the press was when its bytes came
                timeout_s = None
                continue
            at_ns = self._monotonic_ns()
            data = self._read()
            if not data:
                return
            self._press(self._parser.feed(data), at_ns)
            timeout_s = self._escape_wait_s

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _READ_BYTES)
        except OSError as error:  # a terminal that was hung up answers EIO
            _log.debug("terminal refused", extra={"device": self._name, "reason": str(error)})
            return b""

    def _lose(self) -> None:
        self._give_terminal_back()
        _log.info("input ended", extra={"device": self._name})
        self._post(DeviceLost(self._name, self._monotonic_ns()))

    def _press(self, keys: Iterable[str], at_ns: int) -> None:
        for key in keys:
            event = self._event(key, at_ns)
            if event is not None:
                self._post(event)

    def _event(self, key: str, at_ns: int) -> Event | None:
        match self._line.press(key):
            case Action() as action:
                return ActionPressed(action, at_ns, self._name)
            case Typed(code):
                return Scanned(code, at_ns, self._name)
            case TooLong():
                return ScanIncomplete(at_ns, self._name)
        return None
