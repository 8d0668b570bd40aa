"""What every indicator does: simulated, and a terminal behind a pty, a pipe and a file."""

import io
import os
import pty
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TextIO

import pytest

from edge.indicator import Indicator
from edge.indicator.errors import IndicatorFault
from edge.indicator.signs import SIGNS, Sign
from edge.indicator.simulated import SimulatedIndicator
from edge.indicator.terminal import TerminalIndicator


class Rig(Protocol):
    """An indicator, and ways to look at it and to break it."""

    @property
    def indicator(self) -> Indicator: ...
    def seen(self) -> str: ...
    def ruin(self) -> None: ...
    def close(self) -> None: ...


class SimulatedRig:
    def __init__(self) -> None:
        self.indicator = SimulatedIndicator(lambda: 7)

    def seen(self) -> str:
        return "\n".join(f"{SIGNS[each.sign].title} {each.text}" for each in self.indicator.shown)

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


RIGS: dict[str, Callable[[], Rig]] = {
    "simulated": SimulatedRig,
    "pty": pty_rig,
    "pipe": pipe_rig,
    "file": file_rig,
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
        seen = rig.seen()
        assert SIGNS[sign].title in seen
        assert "240615" in seen

    def test_nothing_is_shown_before_start_and_after_stop(self, rig: Rig) -> None:
        rig.indicator.show(Sign.READY)
        rig.indicator.start()
        rig.indicator.stop()
        rig.indicator.show(Sign.READY)
        assert SIGNS[Sign.READY].title not in rig.seen()

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
        assert len(caplog.records) == 1
        rig.indicator.stop()

    def test_stop_may_be_called_twice_and_also_without_start(self, rig: Rig) -> None:
        rig.indicator.stop()
        rig.indicator.start()
        rig.indicator.stop()
        rig.indicator.stop()


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
