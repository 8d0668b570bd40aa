"""A table in a test: the state machine with a hand-moved clock and a store that answers."""

import re
from collections.abc import Iterable, Sequence

from edge.effects import (
    CloseProof,
    Effect,
    OpenProof,
    SavePhoto,
    ShowSign,
    TakePhoto,
    Withdraw,
)
from edge.events import (
    Action,
    ActionPressed,
    AdviceCame,
    CameraLost,
    CodesRead,
    Event,
    FrameTaken,
    PhotoSaved,
    ProgressCame,
    ProofOpened,
    ProofSettled,
    Scanned,
    Tick,
)
from edge.indicator.signs import Sign
from edge.packing import PackingSettings, Phase, State, initial, next_deadline_ns, step
from edge.scanner.codes import CodeRules
from wire.messages import Advice, AdviceKind, DispatchState

ORDER_A = "220101AAAAAAAA"
ORDER_B = "220102BBBBBBBB"
SEED = "0123456789abcdef"
PATTERNS = CodeRules(
    order_patterns=(
        re.compile("[0-9]{6}[A-Z0-9]{8}"),
        re.compile("SPXMY[0-9]{12}"),
        re.compile("JT[0-9]{10}"),
    )
)
"""An organisation's order numbers, and the tracking numbers of two carriers."""
_MS = 1_000_000
MAX_CHAIN = 200


def sha(number: int) -> str:
    """A hash that stands for a photo."""
    return f"{number:064x}"


class PackingTable:
    """Sends events to the state machine. With ``answering``, devices and disk answer at once."""

    def __init__(self, settings: PackingSettings | None = None, *, answering: bool = True) -> None:
        self.settings = settings or PackingSettings()
        self.state: State = initial(SEED, now_ns=0)
        self.now_ns = 0
        self.answering = answering
        self.sent_before: set[str] = set()
        self.unsent: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Code -> proof id and photos that the next opening brings back."""
        self.all_effects: list[Effect] = []

    # --- what happens ---------------------------------------------------------------------------

    def send(self, event: Event) -> list[Effect]:
        """One event, and what it caused, answers included."""
        self.state, effects = step(self.state, event, self.settings)
        caused = list(effects)
        self.all_effects += effects
        if self.answering:
            for answer in self._answers(effects):
                caused += self.send(answer)
        return caused

    def wait(self, milliseconds: int) -> list[Effect]:
        """Let time pass; the daemon ticks at each deadline."""
        until = self.now_ns + milliseconds * _MS
        caused: list[Effect] = []
        for _ in range(MAX_CHAIN):
            due = next_deadline_ns(self.state, self.settings)
            if due is None or due > until:
                break
            self.now_ns = max(self.now_ns, due)
            caused += self.send(Tick(self.now_ns))
        else:
            raise AssertionError("a deadline that is due does not go away")
        self.now_ns = until
        return caused

    def scan(self, text: str) -> list[Effect]:
        self.wait(1100)
        return self.send(Scanned(text, self.now_ns))

    def press(self, action: Action) -> list[Effect]:
        return self.send(ActionPressed(action, self.now_ns))

    def f1(self) -> list[Effect]:
        self.wait(700)
        return self.press(Action.PHOTO)

    def f4(self) -> list[Effect]:
        self.wait(2100)
        return self.press(Action.SEND)

    def undo(self) -> list[Effect]:
        return self.press(Action.UNDO)

    def cancel(self) -> list[Effect]:
        return self.press(Action.CANCEL)

    def lose_camera(self) -> list[Effect]:
        return self.send(CameraLost("unplugged", self.now_ns))

    def read(self, *codes: str, photo: int = 0) -> list[Effect]:
        """What a photo shows: the newest, or one by its capture id."""
        number = photo or self.state.next_capture - 1
        return self.send(CodesRead(number, codes, self.now_ns))

    def advise(
        self,
        kind: AdviceKind,
        code: str = "",
        correlation: str = "",
        equivalents: Sequence[str] = (),
    ) -> list[Effect]:
        """Advice about the order on the table."""
        about = self.state.open or self.state.last
        assert about is not None
        advice = Advice(
            code=code or about.code,
            correlation=correlation or about.asked_id,
            kind=kind,
            equivalents=list(equivalents),
        )
        return self.send(AdviceCame(advice, self.now_ns))

    def progress(self, proof_id: str, state: DispatchState, reason: str = "") -> list[Effect]:
        return self.send(ProgressCame(proof_id, state, self.now_ns, reason))

    def pack(self, code: str, photos: int = 1) -> str:
        """Scan, photos, F4; the proof's id."""
        self.scan(code)
        for _ in range(photos):
            self.f1()
        self.f4()
        assert self.state.last is not None
        return self.state.last.proof_id

    # --- what is there --------------------------------------------------------------------------

    @property
    def sign(self) -> Sign:
        assert self.state.shown is not None
        return self.state.shown[0]

    def shows(self, sign: Sign) -> bool:
        return self.sign is sign

    def is_in(self, phase: Phase) -> bool:
        return self.state.phase is phase

    @property
    def text(self) -> str:
        assert self.state.shown is not None
        return self.state.shown[1]

    @property
    def photos(self) -> int:
        return len(self.state.open.photos) if self.state.open is not None else 0

    def closed(self) -> list[CloseProof]:
        return [one for one in self.all_effects if isinstance(one, CloseProof)]

    # --- devices and disk -----------------------------------------------------------------------

    def _answers(self, effects: Iterable[Effect]) -> Iterable[Event]:
        for effect in effects:
            match effect:
                case OpenProof(proof_id=asked, code=code):
                    proof_id, photos = self.unsent.pop(code, (asked, ()))
                    sent = code in self.sent_before
                    yield ProofOpened(asked, proof_id, self.now_ns, photos, already_sent=sent)
                case TakePhoto(capture_id=number):
                    yield FrameTaken(number, self.now_ns)
                case SavePhoto(capture_id=number):
                    yield PhotoSaved(number, sha(number), self.now_ns)
                case CloseProof(proof_id=proof_id) | Withdraw(proof_id=proof_id):
                    yield ProofSettled(proof_id, self.now_ns)
                case _:
                    pass


def signs(effects: Iterable[Effect]) -> list[Sign]:
    """The signs shown, in order."""
    return [effect.sign for effect in effects if isinstance(effect, ShowSign)]
