"""What every input device does: simulated, a terminal behind a pipe or a pty, scanner and pedal.

(Invariant 11; U-04, U-05, U-10, U-12)
"""

import os
import queue
import termios
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from edge.events import (
    Action,
    ActionPressed,
    DeviceBack,
    DeviceLost,
    Event,
    ScanIncomplete,
    Scanned,
)
from edge.scanner.errors import InputFault
from edge.scanner.terminal import TerminalInput
from tests.support.input_rigs import (
    ALL,
    BOTH,
    PRESSING,
    RETURNING,
    SCANNING,
    BothRig,
    PressingRig,
    ReturningRig,
    Rig,
    ScanningRig,
    SimulatedRig,
    pipe_rig,
    pty_rig,
)

WAIT_S = 20


@pytest.fixture(params=ALL)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    yield from _used(ALL[request.param]())


@pytest.fixture(params=BOTH)
def both(request: pytest.FixtureRequest) -> Iterator[BothRig]:
    yield from _used(BOTH[request.param]())


@pytest.fixture(params=SCANNING)
def scanning(request: pytest.FixtureRequest) -> Iterator[ScanningRig]:
    yield from _used(SCANNING[request.param]())


@pytest.fixture(params=PRESSING)
def pressing(request: pytest.FixtureRequest) -> Iterator[PressingRig]:
    yield from _used(PRESSING[request.param]())


@pytest.fixture(params=RETURNING)
def returning(request: pytest.FixtureRequest) -> Iterator[ReturningRig]:
    yield from _used(RETURNING[request.param]())


AnyRig = TypeVar("AnyRig", bound=Rig)


def _used(made: AnyRig) -> Iterator[AnyRig]:
    yield made
    made.device.stop()
    made.close()


class TestInputDevice:
    def test_a_scan_is_one_complete_code(self, scanning: ScanningRig) -> None:
        rig = scanning
        rig.device.start()
        rig.scan("240615ABCD7788")
        event = rig.posted.get(timeout=WAIT_S)
        assert event == Scanned("240615ABCD7788", rig.clock.monotonic_ns(), rig.device.name)

    def test_a_code_with_the_names_of_keys_is_still_a_code(self, scanning: ScanningRig) -> None:
        scanning.device.start()
        scanning.scan("F1F4F2ESC")
        assert isinstance(scanning.posted.get(timeout=WAIT_S), Scanned)

    @pytest.mark.parametrize("action", Action)
    def test_each_action(self, pressing: PressingRig, action: Action) -> None:
        rig = pressing
        rig.device.start()
        rig.press(action)
        event = rig.posted.get(timeout=WAIT_S)
        assert event == ActionPressed(action, rig.clock.monotonic_ns(), rig.device.name)

    def test_order_is_kept(self, both: BothRig) -> None:
        both.device.start()
        both.scan("FIRST-1")
        both.press(Action.PHOTO)
        both.scan("SECOND-2")
        events = [both.posted.get(timeout=WAIT_S) for _ in range(3)]
        assert [type(event) for event in events] == [Scanned, ActionPressed, Scanned]

    def test_codes_keep_their_order(self, scanning: ScanningRig) -> None:
        scanning.device.start()
        codes = [f"ORDER-{number}" for number in range(5)]
        for code in codes:
            scanning.scan(code)
        events = [scanning.posted.get(timeout=WAIT_S) for _ in codes]
        assert [event.text for event in events if isinstance(event, Scanned)] == codes

    def test_a_loss_is_said_once_and_the_half_code_is_gone(self, scanning: ScanningRig) -> None:
        rig = scanning
        rig.device.start()
        rig.begin_scan("24061")
        rig.lose()
        event = rig.posted.get(timeout=WAIT_S)
        assert event == DeviceLost(rig.device.name, rig.clock.monotonic_ns())
        assert rig.device.alive()
        rig.device.stop()
        assert rig.posted.empty()

    def test_a_lost_one_is_said_once_and_so_is_its_return(self, returning: ReturningRig) -> None:
        rig = returning
        rig.device.start()
        for _ in range(2):
            rig.lose()
            lost = rig.posted.get(timeout=WAIT_S)
            assert lost == DeviceLost(rig.device.name, rig.clock.monotonic_ns())
            rig.come_back()
            back = rig.posted.get(timeout=WAIT_S)
            assert back == DeviceBack(rig.device.name, rig.clock.monotonic_ns())
        assert rig.device.alive()
        assert rig.posted.empty()

    def test_no_code_is_posted_after_stop(self, scanning: ScanningRig) -> None:
        scanning.device.start()
        scanning.scan("FIRST-1")
        scanning.posted.get(timeout=WAIT_S)
        scanning.device.stop()
        scanning.scan("SECOND-2")
        assert scanning.posted.empty()

    def test_no_press_is_posted_after_stop(self, pressing: PressingRig) -> None:
        pressing.device.start()
        pressing.press(Action.PHOTO)
        pressing.posted.get(timeout=WAIT_S)
        pressing.device.stop()
        pressing.press(Action.PHOTO)
        assert pressing.posted.empty()

    def test_it_is_alive_while_it_runs(self, rig: Rig) -> None:
        assert not rig.device.alive()
        rig.device.start()
        assert rig.device.alive()
        rig.device.stop()
        assert not rig.device.alive()

    def test_stop_may_be_called_twice_and_also_without_start(self, rig: Rig) -> None:
        rig.device.stop()
        rig.device.start()
        rig.device.stop()
        rig.device.stop()

    def test_it_starts_again_after_a_stop(self, scanning: ScanningRig) -> None:
        for code in ("FIRST-1", "SECOND-2"):
            scanning.device.start()
            scanning.scan(code)
            event = scanning.posted.get(timeout=WAIT_S)
            assert isinstance(event, Scanned)
            assert event.text == code
            scanning.device.stop()


def test_the_simulated_device_comes_back_and_says_so_once() -> None:
    rig = SimulatedRig()
    rig.device.start()
    rig.device.begin_scan("2406")
    rig.device.lose()
    rig.device.lose()
    rig.device.come_back()
    rig.device.come_back()
    rig.device.finish_scan()
    rig.device.scan("BACK-2")
    at_ns, name = rig.clock.monotonic_ns(), rig.device.name
    assert list(rig.posted.queue) == [
        DeviceLost(name, at_ns),
        DeviceBack(name, at_ns),
        Scanned("BACK-2", at_ns, name),
    ]


def test_a_simulated_device_that_is_away_posts_nothing() -> None:
    rig = SimulatedRig()
    rig.device.start()
    rig.device.lose()
    rig.posted.get(timeout=WAIT_S)
    rig.device.scan("LOST-1")
    rig.device.press(Action.PHOTO)
    rig.device.break_off()
    assert rig.posted.empty()


def test_a_scan_that_breaks_off_is_said_without_its_text() -> None:
    rig = SimulatedRig()
    rig.device.start()
    rig.device.begin_scan("2406")
    rig.device.break_off()
    rig.device.finish_scan()
    assert list(rig.posted.queue) == [ScanIncomplete(rig.clock.monotonic_ns(), rig.device.name)]


class TestTerminal:
    def test_keys_come_singly_without_echo_and_the_terminal_is_given_back(self) -> None:
        rig = pty_rig()
        before = termios.tcgetattr(rig.descriptor)
        rig.device.start()
        local_modes = termios.tcgetattr(rig.descriptor)[3]
        assert not local_modes & (termios.ICANON | termios.ECHO)
        assert local_modes & termios.ISIG  # Ctrl-C still ends the program
        rig.device.stop()
        assert termios.tcgetattr(rig.descriptor) == before
        rig.close()

    def test_the_terminal_is_given_back_when_the_process_ends_without_a_stop(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_exit: list[Callable[[], None]] = []
        monkeypatch.setattr("edge.scanner.terminal.atexit.register", at_exit.append)
        rig = pty_rig()
        before = termios.tcgetattr(rig.descriptor)
        rig.device.start()
        for step in at_exit:
            step()
        assert termios.tcgetattr(rig.descriptor) == before
        rig.device.stop()
        rig.close()

    def test_typed_words_are_the_actions_too(self) -> None:
        rig = pipe_rig()
        rig.device.start()
        for word in "psuc":
            rig.scan(word)
        events = [rig.posted.get(timeout=WAIT_S) for _ in range(4)]
        actions = [event.action for event in events if isinstance(event, ActionPressed)]
        assert actions == [Action.PHOTO, Action.SEND, Action.UNDO, Action.CANCEL]
        rig.device.stop()
        rig.close()

    def test_no_input_at_all_is_a_lost_device_and_not_a_crash(self) -> None:
        with open(os.devnull) as nothing:  # noqa: PTH123 - a descriptor is what is tested
            posted: queue.Queue[Event] = queue.Queue()
            device = TerminalInput(
                descriptor=nothing.fileno(), post=posted.put, monotonic_ns=lambda: 7
            )
            device.start()
            assert posted.get(timeout=WAIT_S) == DeviceLost("terminal", 7)
            device.stop()

    def test_a_closed_descriptor_is_a_fault_that_says_what_to_do(self) -> None:
        read, write = os.pipe()
        os.close(read)
        os.close(write)
        device = TerminalInput(descriptor=read, post=lambda _: None, monotonic_ns=lambda: 0)
        with pytest.raises(InputFault, match="start the program in one"):
            device.start()
