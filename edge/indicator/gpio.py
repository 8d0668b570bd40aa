"""Lamps and a buzzer on the pins of a Raspberry Pi, through gpiozero.

On a Pi 5 only lgpio works; gpiozero would try other libraries with a mere warning (edge-hardware
4), so lgpio is asked for unless the environment names another. lgpio makes a pipe in the working
directory when it is loaded.
"""

import logging
import os
import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Protocol

from edge.indicator.errors import IndicatorFault
from edge.indicator.lamps import Lamp, Levels, Wiring, levels_of
from edge.indicator.rhythm import instant_of
from edge.indicator.signs import SIGNS, Sign
from edge.pulse import Pulse

_log = logging.getLogger(__name__)

_FACTORY = "GPIOZERO_PIN_FACTORY"
_LONGEST_WAIT_S = 2.0
_PATIENCE_S = 10.0
_STOP_S = 1.0

Wait = Callable[[threading.Condition, float], object]


class _Output(Protocol):
    """What is used of gpiozero's output devices."""

    value: float

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    sign: Sign
    text: str
    began_ns: int


def _wait(condition: threading.Condition, seconds: float) -> object:
    return condition.wait(seconds)


class GpioIndicator:
    """Follows ``Indicator``. A thread plays rhythm and buzzer, so that ``show`` never waits."""

    def __init__(
        self,
        wiring: Wiring,
        monotonic_ns: Callable[[], int],
        *,
        environment: MutableMapping[str, str] = os.environ,
        wait: Wait = _wait,
    ) -> None:
        """``wait`` rests on a held condition for so many seconds, or until it is notified."""
        self._wiring = wiring
        self._monotonic_ns = monotonic_ns
        self._environment = environment
        self._wait = wait
        self._changed = threading.Condition()
        self._outputs: dict[Lamp, _Output] = {}
        self._levels: dict[Lamp, float] = {}
        self._shown: _Shown | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._said = False
        self._pulse = Pulse(monotonic_ns, _PATIENCE_S)

    def start(self) -> None:
        """See ``Indicator``."""
        if self._thread is not None:
            return
        self._environment.setdefault(_FACTORY, "lgpio")
        self._open()
        self._shown, self._stopping, self._said = None, False, False
        self._pulse.beat()
        self._thread = threading.Thread(target=self._run, name="light", daemon=True)
        self._thread.start()

    def show(self, sign: Sign, text: str = "") -> None:
        """See ``Indicator``. Another text alone neither restarts the rhythm nor sounds again."""
        with self._changed:
            old = self._shown
            if old is not None and old.sign is sign and old.text != text:
                self._shown = _Shown(sign, text, old.began_ns)
                return
            self._shown = _Shown(sign, text, self._monotonic_ns())
            self._changed.notify()

    def alive(self) -> bool:
        """See ``Indicator``."""
        return self._thread is not None and self._thread.is_alive() and self._pulse.is_felt()

    def stop(self) -> None:
        """See ``Indicator``."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._changed:
            self._stopping = True
            self._changed.notify()
        thread.join(_STOP_S)
        self._set({})
        self._close()

    # --- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                shown = self._shown
                if self._stopping:
                    return
            self._pulse.beat()
            wait_s = self._play(shown) if shown is not None else _LONGEST_WAIT_S
            with self._changed:
                # identity: the same sign shown anew is to begin anew
                if self._shown is shown and not self._stopping:
                    self._wait(self._changed, wait_s)

    def _play(self, shown: _Shown) -> float:
        """Set the lamps as they have to be now; how long they stay so."""
        look = SIGNS[shown.sign]
        elapsed_ms = (self._monotonic_ns() - shown.began_ns) // 1_000_000
        now = instant_of(look, elapsed_ms)
        levels = dict(levels_of(self._wiring, look.colour)) if now.light else {}
        if now.buzzer:
            levels[Lamp.BUZZER] = 1.0
        self._set(levels)
        if now.change_in_ms is None:
            return _LONGEST_WAIT_S
        return min(_LONGEST_WAIT_S, now.change_in_ms / 1000)

    # --- the pins --------------------------------------------------------------------------------

    def _set(self, levels: Levels) -> None:
        """Write what differs. A pin that refuses is written again at the next change."""
        for lamp, output in self._outputs.items():
            level = levels.get(lamp, 0.0)
            if self._levels.get(lamp) == level:
                continue
            try:
                output.value = level
            except Exception as error:  # noqa: BLE001 - each pin library has errors of its own kind
                self._levels.pop(lamp, None)
                self._say_broken(error)
            else:
                self._levels[lamp] = level

    def _say_broken(self, error: Exception) -> None:
        if not self._said:
            _log.warning("the light is broken", extra={"reason": _words(error)})
        self._said = True

    def _open(self) -> None:
        try:
            for lamp, pin in self._wiring.pins.items():
                self._outputs[lamp] = self._opened(lamp, pin)
        except Exception as error:  # each pin library has errors of its own kind
            self._close()
            raise IndicatorFault(_what_to_do(error)) from error

    def _opened(self, lamp: Lamp, pin: int) -> _Output:
        import gpiozero  # type: ignore[import-untyped]  # noqa: PLC0415 - only where a light is wired

        is_buzzer = lamp is Lamp.BUZZER
        wiring = self._wiring
        active_high = wiring.buzzer_active_high if is_buzzer else wiring.active_high
        dims = wiring.pwm and not is_buzzer
        make = gpiozero.PWMOutputDevice if dims else gpiozero.DigitalOutputDevice
        output: _Output = make(pin, active_high=active_high, initial_value=0)
        return output

    def _close(self) -> None:
        for output in self._outputs.values():
            try:
                output.close()
            except Exception as error:  # noqa: BLE001 - as above; the others are still closed
                self._say_broken(error)
        self._outputs, self._levels = {}, {}


def _what_to_do(error: Exception) -> str:
    text = _words(error)
    match type(error).__name__:
        case "GPIOPinInUse":
            return f"the light: {text}; use each pin once (indicator.pins)"
        case "ModuleNotFoundError" | "BadPinFactory":
            return (
                f"the light: {text}; install python3-gpiozero and python3-lgpio, "
                f"and set {_FACTORY}=lgpio"
            )
        case "PinPWMUnsupported":
            return f"the light: {text}; set indicator.pwm to false"
        case "PinUnknownPi":
            return f"the light: {text}; this machine is no Raspberry Pi: set indicator.kind"
    return (
        f"the light: {text}; check the group gpio of this user, that no other program has the "
        "pins (is the daemon running?), and that the working directory can be written"
    )


def _words(error: Exception) -> str:
    return str(error).strip("'\"") or type(error).__name__
