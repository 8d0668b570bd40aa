"""What the table's light says: lines of text from its standard output."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from launcher.errors import LauncherError, NotAsPromised, TookTooLong

SENT, NOT_SENT = "An earlier order: sent", "An earlier order: not sent"
"""Titles of the signs that tell what became of an order."""

_LINE = re.compile(r"(?P<colour>[A-Z]+) +(?P<strip>\S+)  (?P<title>.+?)(?: - (?P<text>.*))?")


@dataclass(frozen=True, slots=True)
class Light:
    """One sign, as the table drew it."""

    colour: str
    strip: str
    """Its rhythm over four seconds."""
    title: str
    text: str
    """What it is about and what to do."""
    at_s: float
    """When it was read here, on the monotonic clock."""


def is_news(light: Light) -> bool:
    """Whether a sign tells what became of an order; it passes, and people may want to reread it."""
    return light.title in {SENT, NOT_SENT}


def parse_light(line: str, at_s: float) -> Light | None:
    """The sign in a line, or None if it is none."""
    match = _LINE.fullmatch(line.rstrip("\n"))
    if match is None:
        return None
    return Light(match["colour"], match["strip"], match["title"], match["text"] or "", at_s)


class Lights:
    """Reads the table's light in a thread and remembers it."""

    def __init__(self, on_light: Callable[[Light], None] = lambda _light: None) -> None:
        """``on_light`` is called in the reading thread."""
        self._on_light = on_light
        self._seen: list[Light] = []
        self._changed = threading.Condition()
        self._has_ended = True

    def follow(self, output: IO[bytes]) -> None:
        """Begin to read a table that has just been started."""
        self._has_ended = False
        threading.Thread(target=self._read, args=(output,), name="light", daemon=True).start()

    @property
    def count(self) -> int:
        """How many signs came so far; a place to wait from."""
        return len(self._seen)

    def since(self, place: int) -> list[Light]:
        """The signs that came from a place on."""
        return self._seen[place:]

    def wait_for(
        self,
        wanted: Callable[[Light], bool],
        *,
        since: int,
        deadline_s: float,
        what: str,
        log: Path,
        unless: Callable[[Light], bool] = lambda _light: False,
    ) -> Light:
        """The first sign from ``since`` on that is wanted. ``log`` is named when it does not come.

        Raises:
            NotAsPromised: one came that fits ``unless``.
            TookTooLong: it did not come in time.
            LauncherError: the table ended.
        """
        end_s = time.monotonic() + deadline_s
        with self._changed:
            while True:
                for light in self._seen[since:]:
                    if wanted(light):
                        return light
                    if unless(light):
                        said = f"{light.title} - {light.text}"
                        raise NotAsPromised(f"{what}: the light says {said} (log: {log})")
                since = len(self._seen)
                left_s = end_s - time.monotonic()
                if self._has_ended:
                    raise LauncherError(f"{what}: the table ended (log: {log})")
                if left_s <= 0:
                    late = f"not within {deadline_s:g} s"
                    raise TookTooLong(f"{what}: {late}{self._last()} (log: {log})")
                self._changed.wait(left_s)

    def _last(self) -> str:
        if not self._seen:
            return ""
        return f"; the light says {self._seen[-1].title} - {self._seen[-1].text}"

    def _read(self, output: IO[bytes]) -> None:
        try:
            for line in output:
                light = parse_light(line.decode("utf-8", "replace"), time.monotonic())
                if light is not None:
                    self._take(light)
        except ValueError:
            pass  # closed by us while the table was ended
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _take(self, light: Light) -> None:
        with self._changed:
            self._seen.append(light)
            self._changed.notify_all()
        self._on_light(light)
