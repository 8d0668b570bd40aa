"""What every indicator does: simulated, a terminal behind a pty, a pipe and a file, and lamps."""

import io
import os
import pty
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol, TextIO

import pytest

from edge.indicator import Indicator
from edge.indicator.errors import IndicatorFault
from edge.indicator.gpio import GpioIndicator
from edge.indicator.lamps import Lamp, Wiring, levels_of
from edge.indicator.signs import SIGNS, Sign
from edge.indicator.simulated import SimulatedIndicator
from edge.indicator.terminal import TerminalIndicator
from tests.support.gpio_pins import WIRINGS, mock_pins
from tests.support.waiting import eventually


class Rig(Protocol):
    """An indicator, and ways to look at it and to break it."""

    @property
    def indicator(self) -> Indicator: ...
    def shows(self, sign: Sign, text: str, /) -> bool:
        """Whether the sign appeared; lamps cannot write the text."""
        ...

    def is_dark(self) -> bool:
        """Whether nothing was shown that is still there."""
        ...

    def ruin(self) -> None: ...
    def close(self) -> None: ...


class SimulatedRig:
    def __init__(self) -> None:
        self.indicator = SimulatedIndicator(lambda: 7)

    def shows(self, sign: Sign, text: str) -> bool:
        return any((each.sign, each.text) == (sign, text) for each in self.indicator.shown)

    def is_dark(self) -> bool:
        return self.indicator.sign is None

    def ruin(self) -> None:
        self.indicator.fail()

    def close(self) -> None:
        pass


class TerminalRig:
    """Reads at ``its`` end what was written to ``out``."""

    def __init__(self, out: TextIO, its: int) -> None:
        self._out = out
        self._its = its
        self.indicator = TerminalIndicator(out, {"TERM": "xterm"})

    def seen(self) -> str:
        os.set_blocking(self._its, False)
        try:
            return os.read(self._its, 65536).decode()
        except BlockingIOError:
            return ""

    def shows(self, sign: Sign, text: str) -> bool:
        seen = self.seen()
        return SIGNS[sign].title in seen and text in seen

    def is_dark(self) -> bool:
        return not self.seen().strip()

    def ruin(self) -> None:
        self._out.close()

    def close(self) -> None:
        self._out.close()
        os.close(self._its)


def pty_rig() -> TerminalRig:
    its, ours = pty.openpty()
    return TerminalRig(os.fdopen(ours, "w", encoding="utf-8"), its)


def pipe_rig() -> TerminalRig:
    its, ours = os.pipe()
    return TerminalRig(os.fdopen(ours, "w", encoding="utf-8"), its)


def file_rig() -> TerminalRig:
    ours, name = tempfile.mkstemp()
    its = os.open(name, os.O_RDONLY)
    Path(name).unlink()
    return TerminalRig(os.fdopen(ours, "w", encoding="utf-8"), its)


class LampRig:
    """Lamps on simulated pins. They follow ``show`` a moment later, in a thread of their own."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._end = ExitStack()
        self.pins = self._end.enter_context(mock_pins())
        self.indicator = GpioIndicator(wiring, time.monotonic_ns, environment={})

    def shows(self, sign: Sign, _text: str) -> bool:
        wanted = levels_of(self._wiring, SIGNS[sign].colour)
        return bool(eventually(lambda: self._lamps() == pytest.approx(wanted)))

    def is_dark(self) -> bool:
        return not self._lamps()

    def ruin(self) -> None:
        self.pins.broken = True

    def close(self) -> None:
        self._end.close()

    def _lamps(self) -> dict[Lamp, float]:
        lit = self.pins.lit(self._wiring)
        lit.pop(Lamp.BUZZER, None)
        return lit


def lamp_rig(name: str) -> Callable[[], LampRig]:
    return lambda: LampRig(WIRINGS[name])


RIGS: dict[str, Callable[[], Rig]] = {
    "simulated": SimulatedRig,
    "pty": pty_rig,
    "pipe": pipe_rig,
    "file": file_rig,
    **{name: lamp_rig(name) for name in WIRINGS},
}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = RIGS[request.param]()
    yield made
    made.indicator.stop()
    made.close()


class TestIndicator:
    @pytest.mark.parametrize("sign", Sign)
    def test_each_sign_is_shown_with_its_words(self, rig: Rig, sign: Sign) -> None:
        rig.indicator.start()
        rig.indicator.show(sign, "240615")
        assert rig.shows(sign, "240615")

    def test_nothing_is_shown_before_start_and_after_stop(self, rig: Rig) -> None:
        rig.indicator.show(Sign.OPEN)
        rig.indicator.start()
        rig.indicator.stop()
        rig.indicator.show(Sign.OPEN)
        assert rig.is_dark()

    def test_a_broken_light_refuses_the_start(self, rig: Rig) -> None:
        rig.ruin()
        with pytest.raises(IndicatorFault):
            rig.indicator.start()

    def test_a_light_that_breaks_is_logged_once_and_packing_goes_on(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig.indicator.start()
        rig.ruin()
        for sign in Sign:
            rig.indicator.show(sign)
        eventually(lambda: caplog.records)
        rig.indicator.stop()
        assert len(caplog.records) == 1

    def test_stop_may_be_called_twice_and_also_without_start(self, rig: Rig) -> None:
        rig.indicator.stop()
        rig.indicator.start()
        rig.indicator.stop()
        rig.indicator.stop()

    def test_turns_from_start_to_stop(self, rig: Rig) -> None:
        assert not rig.indicator.alive()
        rig.indicator.start()
        rig.indicator.show(Sign.READY)
        assert rig.indicator.alive()
        rig.indicator.stop()
        assert not rig.indicator.alive()


def test_a_full_pipe_does_not_hold_up_packing() -> None:
    rig = pipe_rig()
    rig.indicator.start()
    for _ in range(5000):  # more than a pipe holds
        rig.indicator.show(Sign.READY)
    assert SIGNS[Sign.READY].title in rig.seen()
    rig.close()


def test_output_into_memory_is_taken_as_a_file() -> None:
    out = io.StringIO()
    indicator = TerminalIndicator(out)
    indicator.start()
    indicator.show(Sign.STOP)
    assert out.getvalue().startswith("RED ")
