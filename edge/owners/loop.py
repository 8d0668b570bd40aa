"""The loop: takes events, asks the state machine, carries its effects out. Never waits for a disk.

It runs in the main thread and is the only one that knows the state.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from edge.camera.factory import Scene
from edge.clock import Clock
from edge.effects import DropFrame, Effect, Enrol, Lookup, ShowSign, TakePhoto
from edge.errors import TableFault
from edge.events import Event, Scanned, Stopping, Tick
from edge.fault_points import Step, reached
from edge.indicator import Indicator
from edge.owners.frames import FrameTray
from edge.owners.mailbox import Mailbox
from edge.owners.store import StoreEffect
from edge.packing import PackingSettings, State, next_deadline_ns, step
from edge.pulse import Pulse
from edge.service.endings import hung
from wire.claim_sheet import is_of_claim_sheet

logger = logging.getLogger(__name__)

_CHECK_S = 1.0
"""How often the threads are looked at, at least."""
_PATIENCE_S = 10.0
"""Nothing in the loop waits, so that a turn takes milliseconds."""


class Camera(Protocol):
    """What the loop asks of the camera's owner."""

    def take(self, effect: TakePhoto) -> None:
        """Serve a press; returns at once."""
        ...


class Store(Protocol):
    """What the loop asks of the store's owner."""

    def do(self, effect: StoreEffect) -> None:
        """Put an effect in line; returns at once."""
        ...


class Cloud(Protocol):
    """What the loop asks of the uplink."""

    def lookup(self, code: str, correlation: str) -> None:
        """Ask about a code; returns at once."""
        ...

    def enrol(self, server_url: str, claim_code: str) -> None:
        """Get this table its credentials; returns at once."""
        ...

    def health_changed(self) -> None:
        """Report the health soon; returns at once."""
        ...


class PackingLoop:
    """Owns the state of the table."""

    def __init__(
        self,
        state: State,
        settings: PackingSettings,
        mailbox: Mailbox,
        clock: Clock,
        *,
        camera: Camera,
        store: Store,
        cloud: Cloud,
        indicator: Indicator,
        scene: Scene,
        tray: FrameTray,
        threads: Mapping[str, Callable[[], bool]],
    ) -> None:
        """``threads``: by name, whether it turns. A dead one ends the loop."""
        self.state = state
        """Immutable, replaced at once: other threads may read it."""
        self._settings = settings
        self._mailbox = mailbox
        self._clock = clock
        self._camera = camera
        self._store = store
        self._cloud = cloud
        self._indicator = indicator
        self._scene = scene
        self._tray = tray
        self._threads = threads
        self._checked_ns = clock.monotonic_ns()
        self._pulse = Pulse(clock.monotonic_ns, _PATIENCE_S)

    def alive(self) -> bool:
        """Whether the loop turns; asked by the watchdog's thread."""
        return self._pulse.is_felt()

    def run(self, stop_deadline_s: float) -> None:
        """Turn until ``Stopping`` came and everything open is durable.

        Raises:
            TableFault: a thread died, the queue overflowed, or stopping took too long.
        """
        give_up_ns: int | None = None
        while not (self.state.stopping and self.state.is_quiet):
            self._pulse.beat()
            event = self._mailbox.take(self._wait_s())
            if isinstance(event, Stopping) and give_up_ns is None:
                give_up_ns = self._now() + round(stop_deadline_s * 1e9)
            self.handle(event or Tick(self._now()))
            self._check()
            if give_up_ns is not None and self._now() > give_up_ns and not self.state.is_quiet:
                raise TableFault("stopped before everything was written; the start recovers it")

    def handle(self, event: Event) -> None:
        """One event and its effects."""
        before = self.state
        self.state, effects = step(before, event, self._settings)
        if isinstance(event, Scanned):
            # a claim code lets in who knows it
            code = "(of a claim sheet)" if is_of_claim_sheet(event.text) else event.text
            logger.info("scanned", extra={"code": code, "device": event.device})
        for effect in effects:
            self._carry_out(effect)
        self._tell_scene(before)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case ShowSign(sign=sign, text=text):
                self._indicator.show(sign, text)
                self._cloud.health_changed()
                logger.debug("sign", extra={"sign": sign, "text": text})
            case TakePhoto():
                reached(Step.PRESSED)
                self._camera.take(effect)
            case DropFrame(capture_id=number):
                self._tray.take(number)
            case Lookup(code=code, correlation=correlation):
                self._cloud.lookup(code, correlation)
            case Enrol(server_url=server_url, claim_code=claim_code):
                self._cloud.enrol(server_url, claim_code)
            case _:
                self._store.do(effect)

    def _tell_scene(self, before: State) -> None:
        code = self.state.open.code if self.state.open is not None else ""
        if code != (before.open.code if before.open is not None else ""):
            self._scene.show_code(code)

    def _wait_s(self) -> float:
        deadline_ns = next_deadline_ns(self.state, self._settings)
        if deadline_ns is None:
            return _CHECK_S
        return min(_CHECK_S, max(0.0, (deadline_ns - self._now()) / 1e9))

    def _check(self) -> None:
        if self._mailbox.has_overflowed:
            raise TableFault("too many events at once: the table starts again")
        if self._now() - self._checked_ns < _CHECK_S * 1e9:
            return
        self._checked_ns = self._now()
        for name, turns in self._threads.items():
            if not turns():
                raise TableFault(hung((name,)))

    def _now(self) -> int:
        return self._clock.monotonic_ns()
