"""The loop: effects reach their owner, and what cannot go on ends it."""

import logging
from collections.abc import Callable

import pytest

from edge.effects import Effect, OpenProof, TakePhoto
from edge.errors import TableFault
from edge.events import (
    Action,
    ActionPressed,
    CameraLost,
    DeviceLost,
    Event,
    ProofOpened,
    ProofSettled,
    Scanned,
    Standing,
    StandingChanged,
    Stopping,
    Tick,
)
from edge.health import health
from edge.indicator.signs import Sign
from edge.owners.frames import FrameTray
from edge.owners.loop import PackingLoop
from edge.owners.mailbox import Mailbox
from edge.packing import PackingSettings, initial
from edge.spool.records import SpoolCounts
from tests.support.manual_clock import ManualClock
from tests.support.packing_table import ORDER_A, SEED
from wire.claim_sheet import ClaimSheet

FIRST = f"{SEED}{1:016x}"


class Everything:
    """Camera, store, cloud, light and scene in one, remembering what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[Effect] = []
        self.lookups: list[tuple[str, str]] = []
        self.enrolments: list[tuple[str, str]] = []
        self.signs: list[tuple[Sign, str]] = []
        self.codes: list[str] = []
        self.reports = 0

    def take(self, effect: TakePhoto) -> None:
        self.asked.append(effect)

    def do(self, effect: Effect) -> None:
        self.asked.append(effect)

    def lookup(self, code: str, correlation: str) -> None:
        self.lookups.append((code, correlation))

    def enrol(self, server_url: str, claim_code: str) -> None:
        self.enrolments.append((server_url, claim_code))

    def health_changed(self) -> None:
        self.reports += 1

    def show_code(self, code: str) -> None:
        self.codes.append(code)

    def start(self) -> None:
        pass

    def show(self, sign: Sign, text: str = "") -> None:
        self.signs.append((sign, text))

    def alive(self) -> bool:
        return True

    def stop(self) -> None:
        pass


class Rig:
    """A loop with everything around it."""

    def __init__(self, capacity: int = 100) -> None:
        self.clock = ManualClock()
        self.around = Everything()
        self.mailbox = Mailbox(capacity)
        self.threads: dict[str, Callable[[], bool]] = {}
        self.loop = PackingLoop(
            initial(SEED, self.clock.monotonic_ns()),
            PackingSettings(),
            self.mailbox,
            self.clock,
            camera=self.around,
            store=self.around,
            cloud=self.around,
            indicator=self.around,
            scene=self.around,
            tray=FrameTray(),
            threads=self.threads,
        )

    def handle(self, event: Event) -> None:
        self.clock.advance(2)
        self.loop.handle(event)

    @property
    def now(self) -> int:
        return self.clock.monotonic_ns()


def test_effects_reach_their_owners() -> None:
    rig = Rig()
    rig.handle(Scanned(ORDER_A, rig.now))
    rig.handle(ProofOpened(FIRST, FIRST, rig.now))
    rig.handle(ActionPressed(Action.PHOTO, rig.now))
    assert [type(one) for one in rig.around.asked] == [OpenProof, TakePhoto]
    assert rig.around.lookups == [(ORDER_A, FIRST)]
    assert rig.around.signs == [(Sign.OPEN, f"{ORDER_A}: 0 photos")]
    assert rig.around.reports == len(rig.around.signs)


def test_a_claim_sheet_reaches_the_cloud_and_its_code_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sheet = ClaimSheet("https://example.com", "ABCDE-FGHJK-LMNPQ-RSTUV")
    rig = Rig()
    rig.handle(StandingChanged(Standing.NOT_ENROLLED, rig.now))
    rig.handle(Scanned(sheet.whole, rig.now))
    assert rig.around.enrolments == [(sheet.server_url, sheet.claim_code)]
    assert sheet.claim_code not in str([vars(record) for record in caplog.records])


def test_the_scene_follows_the_open_order() -> None:
    rig = Rig()
    rig.handle(Scanned(ORDER_A, rig.now))
    rig.handle(ActionPressed(Action.CANCEL, rig.now))
    assert rig.around.codes == [ORDER_A, ""]


def test_stops_when_everything_open_is_durable() -> None:
    rig = Rig()
    for event in (
        Scanned(ORDER_A, rig.now),
        ProofOpened(FIRST, FIRST, rig.now),
        Stopping(rig.now),
        ProofSettled(FIRST, rig.now),
    ):
        rig.mailbox.post(event)
    rig.loop.run(stop_deadline_s=5)
    assert rig.loop.state.is_quiet


def test_a_dead_thread_ends_the_loop() -> None:
    rig = Rig()
    rig.threads["camera"] = lambda: False
    rig.clock.advance(2)
    rig.mailbox.post(Tick(rig.now))
    with pytest.raises(TableFault, match="camera"):
        rig.loop.run(stop_deadline_s=5)


def test_an_overflowing_queue_ends_the_loop() -> None:
    rig = Rig(capacity=2)
    for _ in range(3):
        rig.mailbox.post(Tick(rig.now))
    with pytest.raises(TableFault, match="too many events"):
        rig.loop.run(stop_deadline_s=5)


def test_stopping_that_takes_too_long_is_a_fault() -> None:
    rig = Rig()
    rig.mailbox.post(Scanned(ORDER_A, rig.now))
    rig.mailbox.post(Stopping(rig.now))
    with pytest.raises(TableFault, match="stopped before"):
        rig.loop.run(stop_deadline_s=-1)


def test_health_tells_of_the_order_on_the_table() -> None:
    rig = Rig()
    rig.handle(Scanned(ORDER_A, rig.now))
    said = health(rig.loop.state, SpoolCounts(2, None, 0), 70.0, rig.clock.now())
    assert (said.sign, said.open_code, said.waiting_proofs) == ("open", ORDER_A, 2)
    assert said.disk_used_percent == 70.0


def test_health_cuts_what_the_wire_does_not_take() -> None:
    """A report that cannot be made would end the uplink, and with it the table."""
    rig = Rig()
    rig.handle(CameraLost("no picture " * 50, rig.now))
    for number in range(30):
        rig.handle(DeviceLost(f"pedal {number}", rig.now))
    said = health(rig.loop.state, SpoolCounts(0, None, 0), 0.0, rig.clock.now())
    assert said.faults[0].startswith("camera: no picture")
