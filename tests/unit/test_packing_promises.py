"""Whatever happens in whatever order: no photo is lost, none is too many, nothing is sent unasked.

The world below carries effects out as camera and store do, late and with failures, and keeps its
own account of what the packer was told.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.effects import (
    CloseProof,
    DropFrame,
    DropPhoto,
    Effect,
    Hold,
    OpenProof,
    Release,
    SavePhoto,
    ShowSign,
    TakePhoto,
    Withdraw,
)
from edge.events import (
    Action,
    ActionPressed,
    AdviceCame,
    CameraBack,
    CameraLost,
    CodesRead,
    Event,
    FrameTaken,
    LinkChanged,
    PhotoFailed,
    PhotoSaved,
    ProofOpened,
    ProofSettled,
    Scanned,
    Stopping,
    StoreFailed,
    Tick,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, State, initial, next_deadline_ns, step
from edge.rules.state import Capture, Proof
from tests.support.packing_table import PATTERNS, SEED, sha
from wire.messages import Advice, AdviceKind, Closing, Mode

CODES = ("220101AAAAAAAA", "220102BBBBBBBB", "220103CCCCCCCC")
_MS = 1_000_000


@dataclass
class Row:
    """A proof in the journal."""

    code: str
    mode: Mode
    photos: list[str] = field(default_factory=list)
    closing: Closing | None = None
    told: list[str] = field(default_factory=list)
    """Photos that the light counted and nobody took back: these must not be lost."""


class World:
    """Camera, disk and packer around the state machine."""

    def __init__(self) -> None:
        self.settings = PackingSettings(codes=PATTERNS)
        self.state: State = initial(SEED, 0)
        self.now_ns = 0
        self.journal: dict[str, Row] = {}
        self.disk: deque[Effect] = deque()
        self.camera: deque[int] = deque()
        self.frames: set[int] = set()
        self.held: set[str] = set()
        self.asked_to_send: set[str] = set()
        """Codes for which F4 was pressed while they were open."""
        self.read: dict[int, str] = {}
        """Capture id -> the order number on the label in that photo, as far as it was read."""
        self.stops: list[tuple[str, str]] = []
        """Proof as asked for, and what STOP said of it."""

    # --- the machine ----------------------------------------------------------------------------

    def send(self, event: Event) -> None:
        self.state, effects = step(self.state, event, self.settings)
        for effect in effects:
            self._begin(effect)

    def _begin(self, effect: Effect) -> None:
        match effect:
            case TakePhoto(capture_id=number):
                self.camera.append(number)
            case DropFrame(capture_id=number):
                self.frames.discard(number)
                if number in self.camera:
                    self.camera.remove(number)
            case SavePhoto(capture_id=number):
                assert number in self.frames, "a frame that was dropped is not saved"
                self.disk.append(effect)
            case OpenProof() | CloseProof() | DropPhoto() | Withdraw() | Hold() | Release():
                self.disk.append(effect)
            case ShowSign(sign=sign, text=text):
                self._check_sign(sign)
                if sign is Sign.STOP and self.state.open is not None:
                    self.stops.append((self.state.open.asked_id, text))
            case _:
                pass

    def _check_sign(self, sign: Sign) -> None:
        last = self.state.last
        if sign is Sign.SAVED:
            assert last is not None
            assert self.journal[last.proof_id].closing is Closing.SEND
        counted = {Sign.PHOTOS_1: 1, Sign.PHOTOS_2: 2, Sign.PHOTOS_3: 3}
        if sign in counted and self.state.open is not None:
            assert len(self.journal[self.state.open.proof_id].told) == counted[sign]

    # --- the packer -----------------------------------------------------------------------------

    def scan(self, code: str) -> None:
        self.send(Scanned(code, self.now_ns))

    def photograph(self, code: str, on_label: str) -> None:
        """The most common beginning, all of it working; by chance alone it comes too rarely."""
        self.scan(code)
        self.disk_turns(works=True)
        self.wait(700)
        self.press(Action.PHOTO)
        self.camera_turns(works=True)
        self.disk_turns(works=True)
        self.reader_turns(on_label)

    def press(self, action: Action) -> None:
        before = self.state.open
        if action is Action.SEND and before is not None:
            self.asked_to_send.add(before.code)
        if action is Action.UNDO and before is not None and before.captures:
            self._take_back(before, before.captures[-1])  # the light counts without it at once
        self.send(ActionPressed(action, self.now_ns))
        if before is None:
            return
        if action is Action.SEND and self.state.open is None:
            self._check_labels(before)
        if action is Action.CANCEL and before.proof_id in self.journal:
            self.journal[before.proof_id].told.clear()

    def _check_labels(self, closed: Proof) -> None:
        """F4 closes over another order's label only after a STOP that named it."""
        read = {self.read.get(one.capture_id, closed.code) for one in closed.captures}
        for number in read - {closed.code}:
            assert any(
                asked_id == closed.asked_id and number in text for asked_id, text in self.stops
            )

    def _take_back(self, proof: Proof, capture: Capture) -> None:
        if capture.sha256:
            self.journal[proof.proof_id].told.remove(capture.sha256)

    def wait(self, milliseconds: int) -> None:
        until = self.now_ns + milliseconds * _MS
        due = next_deadline_ns(self.state, self.settings)
        while due is not None and due <= until:
            self.now_ns = max(self.now_ns, due)
            self.send(Tick(self.now_ns))
            due = next_deadline_ns(self.state, self.settings)
        self.now_ns = until

    def advise(self, kind: AdviceKind) -> None:
        about = self.state.open or self.state.last
        if about is not None:
            advice = Advice(code=about.code, correlation=about.asked_id, kind=kind)
            self.send(AdviceCame(advice, self.now_ns))

    # --- camera and disk ------------------------------------------------------------------------

    def reader_turns(self, code: str) -> None:
        """Read the oldest saved photo that was not read yet, wherever its proof is by now."""
        proofs = [self.state.open, *(entry.proof for entry in self.state.in_flight)]
        proofs += [self.state.last.proof] if self.state.last is not None else []
        saved = [one for proof in proofs if proof is not None for one in proof.captures]
        unread = [one.capture_id for one in saved if one.sha256 and one.capture_id not in self.read]
        if unread:
            self.read[min(unread)] = code
            self.send(CodesRead(min(unread), (code,), self.now_ns))

    def camera_turns(self, works: bool) -> None:
        if not self.camera:
            return
        number = self.camera.popleft()
        if works:
            self.frames.add(number)
            self.send(FrameTaken(number, self.now_ns))
        else:
            self.send(PhotoFailed(number, "stalled", self.now_ns))

    def disk_turns(self, works: bool) -> None:
        if not self.disk:
            return
        match self.disk.popleft():
            case OpenProof() as effect:
                self._open(effect) if works else self._fail(effect.proof_id)
            case SavePhoto() as effect:
                self._save(effect, works)
            case CloseProof() as effect:
                self._close(effect) if works else self._fail(effect.proof_id)
            case Withdraw() as effect:
                self._withdraw(effect) if works else self._fail(effect.proof_id)
            case DropPhoto() as effect:
                self._drop(effect)
            case Hold(proof_id=proof_id):
                self.held.add(proof_id)
            case Release(proof_id=proof_id):
                assert self.journal[proof_id].closing in {Closing.SEND, Closing.WITHDRAWN}
                self.held.discard(proof_id)

    def _fail(self, proof_id: str) -> None:
        self.send(StoreFailed("no space", self.now_ns, proof_id))

    def _open(self, effect: OpenProof) -> None:
        proof_id = self._unsent(effect) or effect.proof_id
        row = self.journal.setdefault(proof_id, Row(effect.code, effect.mode))
        row.closing = None
        photos = tuple(row.photos)
        self.send(ProofOpened(effect.proof_id, proof_id, self.now_ns, photos))

    def _unsent(self, effect: OpenProof) -> str | None:
        for proof_id, row in reversed(self.journal.items()):
            if (row.code, row.closing) == (effect.code, Closing.UNSENT):
                return proof_id
        return None

    def _save(self, effect: SavePhoto, works: bool) -> None:
        assert effect.proof_id in self.journal
        if not works:
            self.send(PhotoFailed(effect.capture_id, "no space", self.now_ns))
            return
        row = self.journal[effect.proof_id]
        assert row.closing is None, "nothing is saved into a closed proof"
        row.photos.append(sha(effect.capture_id))
        if self._awaits(effect.capture_id):
            row.told.append(sha(effect.capture_id))
        self.send(PhotoSaved(effect.capture_id, sha(effect.capture_id), self.now_ns))

    def _awaits(self, capture_id: int) -> bool:
        """As the packer sees it: pressed, and neither refused nor taken back since."""
        proofs = [entry.proof for entry in self.state.in_flight]
        proofs += [self.state.open] if self.state.open is not None else []
        return any(one.capture_id == capture_id for proof in proofs for one in proof.captures)

    def _close(self, effect: CloseProof) -> None:
        row = self.journal[effect.proof_id]
        assert row.closing is None
        assert len(effect.photos) <= 3
        assert set(effect.photos) <= set(row.photos), "a manifest names only durable photos"
        if effect.closing is Closing.SEND:
            assert row.code in self.asked_to_send
            assert effect.photos
        if effect.closing is not Closing.CANCELLED:
            assert list(effect.photos) == row.told
        row.photos = list(effect.photos)
        row.closing = effect.closing
        self.send(ProofSettled(effect.proof_id, self.now_ns))

    def _withdraw(self, effect: Withdraw) -> None:
        row = self.journal[effect.proof_id]
        assert row.closing is Closing.SEND
        row.closing = Closing.WITHDRAWN
        self.send(ProofSettled(effect.proof_id, self.now_ns))

    def _drop(self, effect: DropPhoto) -> None:
        row = self.journal[effect.proof_id]
        assert effect.sha256 not in row.told, "a counted photo is dropped only by the packer"
        if row.closing is None and effect.sha256 in row.photos:
            row.photos.remove(effect.sha256)

    # --- the end --------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        """Stop the daemon while everything works again."""
        self.send(Stopping(self.now_ns))
        for _ in range(200):
            while self.camera or self.disk:
                self.camera_turns(works=True)
                self.disk_turns(works=True)
            if self.state.is_quiet and not self.state.held:
                return
            self.wait(1000)
        raise AssertionError(f"does not come to rest: {self.state}")

    def check(self) -> None:
        for row in self.journal.values():
            assert row.closing is not None, "nothing stays open"
            if row.closing in {Closing.SEND, Closing.UNSENT}:
                assert row.photos == row.told, "what the light counted is there"
        assert not self.held


Turn = Callable[[World], None]


def _does(name: str, *arguments: object) -> Turn:
    def turn(world: World) -> None:
        getattr(world, name)(*arguments)

    turn.__name__ = " ".join([name, *map(str, arguments)])
    return turn


def _is(event: Callable[[int], Event]) -> Turn:
    def turn(world: World) -> None:
        world.send(event(world.now_ns))

    return turn


TURNS: list[Turn] = [
    *(_does("scan", code) for code in CODES),
    _does("scan", "4006381333931"),
    *[_does("press", Action.PHOTO)] * 4,
    *[_does("press", Action.SEND)] * 2,
    _does("press", Action.UNDO),
    _does("press", Action.CANCEL),
    *[_does("camera_turns", True)] * 4,
    _does("camera_turns", False),
    *(_does("reader_turns", code) for code in CODES),
    *(_does("photograph", code, on_label) for code in CODES[:2] for on_label in CODES[:2]),
    *[_does("disk_turns", True)] * 8,
    _does("disk_turns", False),
    *[_does("wait", 700)] * 3,
    *[_does("wait", 2500)] * 2,
    _does("wait", 25_000),
    _does("wait", 200_000),
    _does("advise", AdviceKind.UNKNOWN),
    _does("advise", AdviceKind.CANCELLED),
    _does("advise", AdviceKind.KNOWN),
    _is(lambda now_ns: CameraLost("unplugged", now_ns)),
    _is(CameraBack),
    _is(lambda now_ns: LinkChanged(connected=True, at_ns=now_ns)),
]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(TURNS), max_size=80))
def test_promises_hold_in_any_order_of_events(turns: list[Turn]) -> None:
    world = World()
    for turn in turns:
        turn(world)
        proofs = [world.state.open, *(entry.proof for entry in world.state.in_flight)]
        assert all(len(proof.captures) <= 3 for proof in proofs if proof is not None)
        assert len(proofs) - (world.state.open is None) <= 3
    world.come_to_rest()
    world.check()


def test_the_world_can_pack_an_order() -> None:
    """Guards the test above: its world does reach a sent proof."""
    world = World()
    for turn in [
        _does("scan", CODES[0]),
        _does("disk_turns", True),
        _does("wait", 700),
        _does("press", Action.PHOTO),
        _does("camera_turns", True),
        _does("disk_turns", True),
        _does("press", Action.SEND),
    ]:
        turn(world)
    world.come_to_rest()
    world.check()
    assert [(row.closing, len(row.told)) for row in world.journal.values()] == [(Closing.SEND, 1)]


def test_the_world_can_stop_at_a_label() -> None:
    """Guards the property above: F4 over another order's label stops, and the next one sends."""
    world = World()
    for turn in [
        _does("scan", CODES[0]),
        _does("disk_turns", True),
        _does("press", Action.PHOTO),
        _does("camera_turns", True),
        _does("disk_turns", True),
        _does("reader_turns", CODES[1]),
        _does("press", Action.SEND),
        _does("wait", 700),
    ]:
        turn(world)
    assert [CODES[1] in text for _, text in world.stops] == [True]
    world.press(Action.SEND)
    world.come_to_rest()
    world.check()
    assert [(row.closing, len(row.told)) for row in world.journal.values()] == [(Closing.SEND, 1)]
