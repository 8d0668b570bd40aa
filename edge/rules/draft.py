"""A step in the making: the state so far and the effects so far. Lives for one event only."""

from dataclasses import replace
from typing import Any

from edge.effects import Effect
from edge.indicator.signs import Sign
from edge.rules.settings import PackingSettings
from edge.rules.state import Overlay, Proof, State

_MS = 1_000_000


class Draft:
    """Collects what one event does, so that rules read as sentences."""

    def __init__(self, state: State, settings: PackingSettings, now_ns: int) -> None:
        self.settings = settings
        self.state = replace(state, now_ns=max(state.now_ns, now_ns))
        self.effects: list[Effect] = []
        self.show_again = False

    @property
    def now_ns(self) -> int:
        """The newest time seen; never goes back."""
        return self.state.now_ns

    def set(self, **changes: Any) -> None:
        """Change fields of the state."""
        self.state = replace(self.state, **changes)

    def set_open(self, proof: Proof, **changes: Any) -> None:
        """Change the open proof."""
        self.set(open=replace(proof, **changes))

    def do(self, effect: Effect) -> None:
        """Ask the daemon for something."""
        self.effects.append(effect)

    def after(self, wait_ms: int) -> int:
        """The time ``wait_ms`` from now, in nanoseconds."""
        return self.now_ns + wait_ms * _MS

    def within(self, since_ns: int | None, window_ms: int, at_ns: int) -> bool:
        """Whether ``at_ns`` is less than ``window_ms`` after ``since_ns``."""
        return since_ns is not None and at_ns - since_ns < window_ms * _MS

    def say(self, sign: Sign, text: str, for_ms: int) -> None:
        """Show a sign for a moment, with its buzzer even if it already stands."""
        self.set(overlay=Overlay(sign, text, self.after(for_ms)))
        self.show_again = True

    def refuse(self, text: str) -> None:
        """Answer a press or scan that changes nothing."""
        self.say(Sign.REFUSED, text, self.settings.refused_ms)

    def call_lead(self, text: str) -> None:
        """Answer a press or scan that cannot be served until somebody comes."""
        self.say(Sign.CALL_LEAD, text, self.settings.refused_ms)
