"""Every event is answered in every state: none raises, and each has its defined outcome."""

from collections.abc import Callable
from itertools import product

import pytest

from edge.events import (
    Action,
    ActionPressed,
    AdviceCame,
    CameraBack,
    CameraLost,
    CodesRead,
    DeviceBack,
    DeviceLost,
    DiskChanged,
    DiskLevel,
    EnrolmentEnded,
    Event,
    FrameTaken,
    LinkChanged,
    LinkTrouble,
    PhotoFailed,
    PhotoSaved,
    ProgressCame,
    ProofOpened,
    ProofSettled,
    ScanIncomplete,
    Scanned,
    Standing,
    StandingChanged,
    Stopping,
    StoreFailed,
    Tick,
    WaitingChanged,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase, State, next_deadline_ns, step
from edge.rules.state import MAX_IN_FLIGHT
from tests.support.packing_table import ORDER_A, ORDER_B, PATTERNS, SEED, PackingTable, sha
from wire.claim_sheet import ClaimSheet
from wire.messages import Advice, AdviceKind, DispatchState

FIRST = f"{SEED}{1:016x}"
_SHEET = ClaimSheet("https://packwitness.example.com", "ABCDE-FGHJK-LMNPQ-RSTUV")
SHEET = [_SHEET.whole, _SHEET.server_barcode, _SHEET.claim_barcode]
OPEN_CODE = "220103OPENCODE"  # fits the pattern of order numbers, like ORDER_A and ORDER_B


def _ready(_table: PackingTable) -> None:
    pass


def _open(table: PackingTable) -> None:
    table.scan(OPEN_CODE)


def _open_with_photo(table: PackingTable) -> None:
    _open(table)
    table.f1()


def _open_full(table: PackingTable) -> None:
    _open(table)
    for _ in range(3):
        table.f1()


def _opening(table: PackingTable) -> None:
    table.answering = False
    _open(table)


def _open_with_pending(table: PackingTable) -> None:
    _open_with_photo(table)
    table.answering = False
    table.f1()


def _open_unknown(table: PackingTable) -> None:
    _open_with_photo(table)
    table.advise(AdviceKind.UNKNOWN)


def _open_stopped(table: PackingTable) -> None:
    _open_with_photo(table)
    table.advise(AdviceKind.CANCELLED)


def _open_stopped_by_label(table: PackingTable) -> None:
    table.settings = PackingSettings(codes=PATTERNS)
    _open_with_photo(table)
    table.read(ORDER_B)
    table.f4()


def _closed_with_label_not_read(table: PackingTable) -> None:
    table.settings = PackingSettings(codes=PATTERNS)
    table.pack(OPEN_CODE)


def _closing(table: PackingTable) -> None:
    _open_with_photo(table)
    table.answering = False
    table.f4()


def _closing_with_pending(table: PackingTable) -> None:
    _open_with_pending(table)
    table.f4()


def _closed(table: PackingTable) -> None:
    table.pack(OPEN_CODE)


def _full_of_closing(table: PackingTable) -> None:
    table.answering = False
    for number in range(3):
        table.scan(f"2201{number}CODE")


def _no_camera(table: PackingTable) -> None:
    table.lose_camera()


def _open_no_camera(table: PackingTable) -> None:
    _open_with_photo(table)
    table.lose_camera()


def _disk_full(table: PackingTable) -> None:
    table.send(DiskChanged(DiskLevel.RESERVE, table.now_ns))


def _disk_failed(table: PackingTable) -> None:
    table.send(StoreFailed("read-only", table.now_ns))


def _training(table: PackingTable) -> None:
    table.scan("PW-TRAINING")


def _not_enrolled(table: PackingTable) -> None:
    table.send(StandingChanged(Standing.NOT_ENROLLED, table.now_ns))


def _enrolling(table: PackingTable) -> None:
    _not_enrolled(table)
    table.scan(SHEET[0])


def _stopping(table: PackingTable) -> None:
    table.send(Stopping(table.now_ns))


SETUPS: list[Callable[[PackingTable], None]] = [
    _ready,
    _open,
    _open_with_photo,
    _open_full,
    _opening,
    _open_with_pending,
    _open_unknown,
    _open_stopped,
    _open_stopped_by_label,
    _closed_with_label_not_read,
    _closing,
    _closing_with_pending,
    _closed,
    _full_of_closing,
    _no_camera,
    _open_no_camera,
    _disk_full,
    _disk_failed,
    _training,
    _not_enrolled,
    _enrolling,
    _stopping,
]


def _advice(kind: AdviceKind, now_ns: int) -> AdviceCame:
    return AdviceCame(Advice(code=OPEN_CODE, correlation=FIRST, kind=kind), now_ns)


def events(now_ns: int) -> list[Event]:
    """At least one of every kind, and of each the variants that matter."""
    texts = [
        ORDER_A,
        OPEN_CODE,
        "4006381333931",
        "",
        "PW-PHOTO",
        "PW-TRAINING",
        "PW-BADGE-Mei",
        *SHEET,
    ]
    return [
        *(Scanned(text, now_ns) for text in texts),
        ScanIncomplete(now_ns),
        *(ActionPressed(action, now_ns) for action in Action),
        DeviceLost("pedal", now_ns),
        DeviceBack("pedal", now_ns),
        *(FrameTaken(number, now_ns) for number in (1, 2, 99)),
        *(PhotoSaved(number, sha(number), now_ns) for number in (1, 2, 99)),
        *(PhotoFailed(number, "stalled", now_ns) for number in (1, 2, 99)),
        *(CodesRead(number, (ORDER_B, ORDER_A), now_ns) for number in (1, 2, 99)),
        CodesRead(1, (), now_ns),
        CodesRead(1, (OPEN_CODE,), now_ns),
        CameraLost("unplugged", now_ns),
        CameraBack(now_ns),
        ProofOpened(FIRST, FIRST, now_ns),
        ProofOpened(FIRST, "b" * 32, now_ns, (sha(7), sha(8)), already_sent=True),
        ProofSettled(FIRST, now_ns),
        ProofSettled("e" * 32, now_ns),
        StoreFailed("no space", now_ns, FIRST),
        StoreFailed("no space", now_ns),
        *(DiskChanged(level, now_ns) for level in DiskLevel),
        WaitingChanged(0, now_ns),
        WaitingChanged(None, now_ns),
        LinkChanged(connected=True, at_ns=now_ns),
        LinkChanged(connected=False, at_ns=now_ns),
        LinkTrouble("refused", now_ns),
        *(StandingChanged(standing, now_ns, "why") for standing in Standing),
        *(EnrolmentEnded(ok=ok, text="Table 1", at_ns=now_ns) for ok in (True, False)),
        *(_advice(kind, now_ns) for kind in AdviceKind),
        *(ProgressCame(FIRST, state, now_ns) for state in DispatchState),
        Tick(now_ns),
        Stopping(now_ns),
    ]


def test_the_list_has_every_kind_of_event() -> None:
    assert {type(event) for event in events(0)} == set(Event.__args__)


def assert_sound(state: State) -> None:
    proofs = [entry.proof for entry in state.in_flight]
    if state.open is not None:
        proofs.append(state.open)
    assert len(proofs) <= MAX_IN_FLIGHT
    assert len({proof.proof_id for proof in proofs}) == len(proofs)
    for proof in proofs:
        assert len(proof.captures) <= 3
        assert len(set(proof.photos)) == len(proof.photos)
    assert state.shown is not None
    assert state.shown[0] in set(Sign)


@pytest.mark.parametrize("setup", SETUPS)
def test_every_event_is_answered_in_every_state(setup: Callable[[PackingTable], None]) -> None:
    for place in range(len(events(0))):
        table = PackingTable()
        setup(table)
        table.now_ns += 3_000_000_000
        event = events(table.now_ns)[place]
        table.state, _ = step(table.state, event, table.settings)
        assert_sound(table.state)
        table.answering = False
        table.wait(1_000_000)
        assert_sound(table.state)


@pytest.mark.parametrize("setup", SETUPS)
def test_a_pair_of_events_leaves_a_sound_state(setup: Callable[[PackingTable], None]) -> None:
    table = PackingTable()
    setup(table)
    start, now_ns = table.state, table.now_ns + 3_000_000_000
    for first, second in product(events(now_ns), events(now_ns + 1_000_000_000)):
        state, _ = step(start, first, table.settings)
        state, _ = step(state, second, table.settings)
        assert_sound(state)


@pytest.mark.parametrize("setup", SETUPS)
def test_a_handled_deadline_is_gone(setup: Callable[[PackingTable], None]) -> None:
    table = PackingTable()
    setup(table)
    for _ in range(50):
        due = next_deadline_ns(table.state, table.settings)
        if due is None:
            return
        table.state, _ = step(table.state, Tick(due), table.settings)
        after = next_deadline_ns(table.state, table.settings)
        assert after is None or after > due
    raise AssertionError("there is always a next deadline")


LATER = 12_000_000_000
"""After every set-up of this table of outcomes, and before any deadline but a bounce's."""

READY, OPEN, CLOSING, FAULT = Phase.READY, Phase.OPEN, Phase.CLOSING, Phase.FAULT

OUTCOMES: list[tuple[Event, tuple[Phase, Phase, Phase, Phase]]] = [
    (Scanned(ORDER_B, LATER), (OPEN, OPEN, OPEN, FAULT)),
    (Scanned("", LATER), (READY, OPEN, CLOSING, FAULT)),
    (Scanned("PW-TRAINING", LATER), (READY, OPEN, CLOSING, FAULT)),
    (ScanIncomplete(LATER), (READY, OPEN, CLOSING, FAULT)),
    (ActionPressed(Action.PHOTO, LATER), (READY, OPEN, CLOSING, FAULT)),
    (ActionPressed(Action.SEND, LATER), (READY, CLOSING, CLOSING, FAULT)),
    (ActionPressed(Action.UNDO, LATER), (READY, OPEN, CLOSING, FAULT)),
    (ActionPressed(Action.CANCEL, LATER), (READY, CLOSING, CLOSING, FAULT)),
    (CodesRead(1, (ORDER_B,), LATER), (READY, OPEN, CLOSING, FAULT)),
    (CameraLost("unplugged", LATER), (FAULT, OPEN, FAULT, FAULT)),
    (CameraBack(LATER), (READY, OPEN, CLOSING, READY)),
    (StoreFailed("no space", LATER), (FAULT, OPEN, FAULT, FAULT)),
    (DiskChanged(DiskLevel.RESERVE, LATER), (FAULT, OPEN, FAULT, FAULT)),
    (ProofSettled(FIRST, LATER), (READY, OPEN, READY, FAULT)),
    (Tick(LATER), (READY, OPEN, CLOSING, FAULT)),
    (Stopping(LATER), (READY, CLOSING, CLOSING, FAULT)),
]
"""What follows an event in: ready, open with a photo, closing, no camera."""


@pytest.mark.parametrize(("event", "phases"), OUTCOMES)
@pytest.mark.parametrize(
    ("place", "setup"), list(enumerate([_ready, _open_with_photo, _closing, _no_camera]))
)
def test_phase_after_an_event(
    place: int, setup: Callable[[PackingTable], None], event: Event, phases: tuple[Phase, ...]
) -> None:
    table = PackingTable()
    setup(table)
    table.answering = False
    table.send(event)
    assert table.is_in(phases[place])
