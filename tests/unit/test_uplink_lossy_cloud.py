"""Whatever the line and the cloud lose: each proof ends receipted, and no limit is passed."""

from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.uplink.reasons import Verdict
from edge.uplink.settings import BackOff, TransferLimits
from edge.uplink.transfer import Transfer
from edge.uplink.work import PhotoReceipted, PhotosMissing, Probe, ProofReceipted, Slice, Work
from tests.support.uplink_table import HeldManifest, HeldPhoto
from wire.messages import Answer, PhotoAnswer, PhotoResult, ProofAnswer, ProofResult
from wire.slices import Range, add_range, missing_ranges

LIMITS = TransferLimits(
    answer_timeout_s=5.0, probe=BackOff(1.0, 8.0), pause=BackOff(1.0, 8.0), quarantine_s=30.0
)
SLICE = 1024
CHAOS_STEPS = 300
CALM_STEPS = 4000


@dataclass
class World:
    """A table's spool, a line, and a cloud that forgets unfinished photos now and then."""

    chance: Random
    photos: dict[str, int]
    manifests: list[HeldManifest]
    loss: float
    now: float = 0.0
    have: dict[str, list[Range]] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    receipted: set[str] = field(default_factory=set)
    receipted_proofs: set[str] = field(default_factory=set)
    under_way: list[Work] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    unreceipted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.transfer = Transfer(LIMITS, self.chance.random)
        self.connect()

    def lucky(self) -> bool:
        return self.chance.random() >= self.loss

    def offer(self) -> None:
        self.transfer.offer(
            [
                HeldPhoto(sha, size)
                for sha, size in self.photos.items()
                if sha not in self.receipted
            ],
            [it for it in self.manifests if it.proof_id not in self.receipted_proofs],
        )

    def connect(self) -> None:
        self.offer()
        self.answers.clear()
        self.transfer.connected(SLICE, ["inventory"], self.now)
        if self.lucky():
            known = [self.state_of(sha, size) for sha, size in self.photos.items()]
            proofs = [self.known_proof(it) for it in self.manifests]
            self.answers.append(Answer(correlation="inventory", photos=known, proofs=proofs))

    def disconnect(self) -> None:
        self.under_way.clear()
        self.transfer.disconnected(suspicious=True, now=self.now)
        self.connect()

    def state_of(self, sha: str, size: int) -> PhotoAnswer:
        if sha in self.stored:
            return PhotoAnswer(sha256=sha, result=PhotoResult.RECEIPTED)
        missing = missing_ranges(self.have.get(sha, []), size)
        return PhotoAnswer(sha256=sha, result=PhotoResult.PARTIAL, missing=missing)

    def known_proof(self, it: HeldManifest) -> ProofAnswer:
        known = it.proof_id in self.accepted
        result = ProofResult.RECEIPTED if known else ProofResult.UNKNOWN
        return ProofAnswer(proof_id=it.proof_id, revision=1, result=result)

    def publish(self) -> None:
        while len(self.under_way) < 2 and (work := self.transfer.next(self.now)) is not None:
            self.under_way.append(work)
            if isinstance(work, Slice):
                self.unreceipted.add(work.sha256)
                assert work.sha256 not in self.receipted
                assert len(self.unreceipted - self.receipted) <= LIMITS.unreceipted_photos
                assert work.end - work.start <= SLICE

    def acknowledge(self) -> None:
        work = self.under_way.pop(0)
        verdict = Verdict.TAKEN if self.lucky() else Verdict.LATER
        self.transfer.acknowledged(work, verdict, self.now)
        if verdict is Verdict.TAKEN and self.lucky():  # else the broker lost it afterwards
            self.arrive(work)

    def arrive(self, work: Work) -> None:
        if isinstance(work, Slice):
            if work.sha256 not in self.stored:
                self.take_slice(work)
        elif isinstance(work, Probe):
            states = [self.state_of(it.sha256, it.size_bytes) for it in work.photos]
            self.answers.append(Answer(correlation="probe", photos=states))
        else:
            self.take_manifest(work.proof_id)

    def take_slice(self, work: Slice) -> None:
        self.have[work.sha256] = add_range(self.have.get(work.sha256, []), (work.start, work.end))
        if not missing_ranges(self.have[work.sha256], work.size_bytes):
            self.stored.add(work.sha256)
            self.answers.append(Answer(photos=[self.state_of(work.sha256, work.size_bytes)]))

    def take_manifest(self, proof_id: str) -> None:
        manifest = next(it for it in self.manifests if it.proof_id == proof_id)
        missing = [sha for sha in manifest.sha256s if sha not in self.stored]
        if not missing:
            self.accepted.add(proof_id)
        result = ProofResult.MISSING if missing else ProofResult.RECEIPTED
        answer = ProofAnswer(proof_id=proof_id, revision=1, result=result, missing=missing)
        self.answers.append(Answer(proofs=[answer]))

    def answer(self) -> None:
        answer = self.answers.pop(0)
        if not self.lucky():
            return
        for outcome in self.transfer.answered(answer, self.now):
            match outcome:
                case PhotoReceipted(sha):
                    assert sha in self.stored
                    self.receipted.add(sha)
                case ProofReceipted(proof_id, _):
                    assert proof_id in self.accepted
                    self.receipted_proofs.add(proof_id)
                case PhotosMissing(_, _, shas):
                    self.receipted -= set(shas)
        if self.chance.random() < 0.5:
            self.offer()

    def step(self) -> None:
        self.publish()
        if self.under_way and self.chance.random() < 0.7:
            self.acknowledge()
        elif self.answers and self.chance.random() < 0.7:
            self.answer()
        else:
            self.now += self.chance.random() * 3
        if self.chance.random() < self.loss / 5:
            self.disconnect()
        if self.chance.random() < self.loss / 20:
            self.have = {sha: have for sha, have in self.have.items() if sha in self.stored}

    @property
    def done(self) -> bool:
        return len(self.receipted_proofs) == len(self.manifests) and self.receipted >= set(
            self.photos
        )


@given(
    st.integers(0, 2**32),
    st.lists(st.lists(st.integers(1, 5000), min_size=0, max_size=3), min_size=1, max_size=5),
    st.floats(0, 0.6),
)
@settings(max_examples=150, deadline=None)
def test_every_proof_ends_receipted_and_no_limit_is_passed(
    seed: int, proofs: list[list[int]], loss: float
) -> None:
    photos: dict[str, int] = {}
    manifests = []
    for number, sizes in enumerate(proofs):
        shas = [f"{len(photos) + place:064x}" for place in range(len(sizes))]
        photos |= dict(zip(shas, sizes, strict=True))
        manifests.append(HeldManifest(f"{number:032x}", 1, b"raw", tuple(shas)))
    world = World(Random(seed), photos, manifests, loss)
    for _ in range(CHAOS_STEPS):
        world.step()
    world.loss = 0.0
    for _ in range(CALM_STEPS):
        if world.done:
            break
        world.step()
    assert world.done
