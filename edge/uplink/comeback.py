"""After a connection: what is worth saying about its end, and how long the next one waits. Pure."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.uplink import reasons
from edge.uplink.backoff import wait_s
from edge.uplink.errors import LinkError, LinkLost, LinkRefused
from edge.uplink.settings import BackOff, UplinkSettings

_SLOWLY: Final = frozenset({0x87, 0x8A, reasons.TAKEN_OVER, 0x98})
"""Reasons after which coming back at once would start the same again."""
_SHORT_S: Final = 120.0
_MOST_SHORT: Final = 3
_FORGET_S: Final = 600.0
"""What ends connections that lasted this long is news again."""
_TWIN: Final = (
    "; {} connections in a row ended soon like this: the line is bad, or a second device has the "
    "identity of this table (then enrol one of the two again)"
)


@dataclass(frozen=True, slots=True)
class Rest:
    """What follows the end of a connection."""

    wait_s: float
    """Until the next try."""
    news: str | None
    """A line for the log; None if it was said before."""


class Comeback:
    """Remembers how connections ended, so that nothing is said twice and nobody hurries."""

    def __init__(
        self, settings: UplinkSettings, draw: Callable[[], float], *, addresses: int = 1
    ) -> None:
        """``draw`` gives numbers from 0 to 1; as many ``addresses`` are tried in turn."""
        self._settings = settings
        self._draw = draw
        self._attempt = 0
        self._short = 0
        self._said: deque[str] = deque(maxlen=addresses)
        self._is_news = True

    def stands(self) -> bool:
        """The connection stands; True if that is worth saying."""
        is_news, self._is_news = self._is_news, False
        return is_news

    def after(self, error: LinkError, stood_s: float | None) -> Rest:
        """A connection ended, or did not come about (``stood_s`` is None then)."""
        if stood_s is not None and stood_s >= self._settings.stable_s:
            self._attempt = 0
        if stood_s is not None and stood_s >= _FORGET_S:
            self._said.clear()
        text = str(error) + self._suspicion(error, stood_s)
        news = text if text not in self._said else None
        self._said.append(text)
        self._is_news = self._is_news or news is not None
        return Rest(self._wait_s(error, stood_s), news)

    def _suspicion(self, error: LinkError, stood_s: float | None) -> str:
        """Mosquitto 2.0.11 ends the older of two connections with one id without a reason."""
        is_without_reason = isinstance(error, LinkLost) and error.code is None
        if stood_s is not None:
            self._short = self._short + 1 if is_without_reason and stood_s < _SHORT_S else 0
        return _TWIN.format(_MOST_SHORT) if stood_s is not None and self._is_flapping else ""

    @property
    def _is_flapping(self) -> bool:
        return self._short >= _MOST_SHORT

    def _wait_s(self, error: LinkError, stood_s: float | None) -> float:
        policy = self._policy(error)
        attempt, self._attempt = self._attempt, self._attempt + 1
        if attempt == 0 and stood_s is not None and policy is self._settings.reconnect:
            # a broker that ends takes every table along: they must not all come at one moment
            return self._settings.spread_s * self._draw()
        return wait_s(policy, attempt, self._draw())

    def _policy(self, error: LinkError) -> BackOff:
        is_slow = isinstance(error, LinkRefused) or (
            isinstance(error, LinkLost) and error.code in _SLOWLY
        )
        return self._settings.refused if is_slow else self._settings.reconnect
