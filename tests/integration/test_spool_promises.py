"""No order of steps, restarts and power cuts loses or mixes up anything: spool against a model."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from edge.spool.errors import SamePictureAgain, WrongState
from edge.spool.retention import Retention
from edge.spool.store import Spool
from tests.support.spool_faults import ForgetfulFiles
from tests.support.spool_table import (
    TableClock,
    assert_in_order,
    jpeg,
    open_spool,
    proof_id,
    quick_folder,
    sha256,
)
from wire.messages import MAX_PHOTOS_PER_PROOF, Closing, Manifest, Mode

KEEP_DAYS = 30
CODES = st.sampled_from(["A", "A/1", "訂單"])
PICTURES = st.integers(0, 5)
ENDS = st.sampled_from([Closing.SEND, Closing.UNSENT, Closing.CANCELLED])


@dataclass
class ModelPhoto:
    sha256: str
    day: int
    undone: bool = False
    receipted: bool = False
    freed: bool = False


@dataclass
class ModelManifest:
    closing: Closing
    photos: list[ModelPhoto]
    raw: bytes
    order: int
    receipted: bool = False
    given_up: bool = False


@dataclass
class ModelProof:
    proof_id: str
    code: str
    is_open: bool = True
    photos: list[ModelPhoto] = field(default_factory=list)
    manifests: list[ModelManifest] = field(default_factory=list)

    @property
    def live(self) -> list[ModelPhoto]:
        return [photo for photo in self.photos if not photo.undone and not photo.freed]

    @property
    def newest(self) -> ModelManifest | None:
        return self.manifests[-1] if self.manifests else None

    def may_free(self, photo: ModelPhoto) -> bool:
        if self.is_open or self.newest is None:
            return False
        return (
            photo.undone
            or self.newest.closing is Closing.CANCELLED
            or (self.newest.receipted and photo in self.newest.photos)
        )


class Promises(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = quick_folder()
        self.root = self.folder.__enter__()
        self.clock = TableClock()
        self.proofs: dict[str, ModelProof] = {}
        self.starts = 0
        self.steps = 0
        self.opened = 0
        self.directory = self.root / "0"
        self.directory.mkdir()
        self.spool = self._open()

    def _open(self) -> Spool:
        self.files = ForgetfulFiles(self.directory)
        return open_spool(
            self.directory,
            self.clock,
            files=self.files,
            retention=Retention(keep_days=KEEP_DAYS),
        )

    def teardown(self) -> None:
        self.spool.close()
        self.folder.__exit__(None, None, None)

    @property
    def day(self) -> int:
        return self.clock.monotonic_ns() // (86_400 * 10**9)

    def _order(self) -> int:
        self.steps += 1
        return self.steps

    def _closed(self, proof: ModelProof, raw: bytes) -> None:
        said = Manifest.from_bytes(raw)
        assert said.revision == len(proof.manifests) + 1
        proof.is_open = False
        photos = proof.live
        if said.closing is Closing.WITHDRAWN:
            assert proof.newest is not None
            photos = proof.newest.photos
        assert [photo.sha256 for photo in said.photos] == [photo.sha256 for photo in photos]
        proof.manifests.append(ModelManifest(said.closing, photos, raw, self._order()))

    def _pick(self, data: Any, wanted: list[ModelProof]) -> ModelProof:
        picked: ModelProof = data.draw(st.sampled_from(wanted))
        return picked

    @property
    def open_proofs(self) -> list[ModelProof]:
        return [proof for proof in self.proofs.values() if proof.is_open]

    @property
    def sent(self) -> list[ModelProof]:
        return [
            proof
            for proof in self.proofs.values()
            if not proof.is_open and proof.newest and proof.newest.closing is Closing.SEND
        ]

    @property
    def waiting(self) -> list[tuple[ModelProof, ModelManifest]]:
        found = [
            (proof, proof.newest)
            for proof in self.proofs.values()
            if proof.newest and not proof.is_open
        ]
        return sorted(
            ((p, m) for p, m in found if not m.receipted and not m.given_up),
            key=lambda pair: pair[1].order,
        )

    # --- steps ----------------------------------------------------------------------------------

    @rule(code=CODES)
    def open_proof(self, code: str) -> None:
        self.opened += 1
        new = proof_id(self.opened)
        self.spool.open_proof(new, code, Mode.PACKING, self.clock.now())
        self.proofs[new] = ModelProof(new, code)

    @precondition(lambda self: self.open_proofs)
    @rule(data=st.data(), picture=PICTURES)
    def save_photo(self, data: Any, picture: int) -> None:
        proof = self._pick(data, self.open_proofs)
        jpg = jpeg(picture)
        live = {photo.sha256 for photo in proof.live}
        full, repeated = len(live) == MAX_PHOTOS_PER_PROOF, sha256(jpg) in live
        refusal = pytest.raises((WrongState, SamePictureAgain)) if full or repeated else None
        with refusal or nullcontext():
            self.spool.save_photo(proof.proof_id, 1, jpg, self.clock.now(), "sim")
        if refusal is None:
            proof.photos.append(ModelPhoto(sha256(jpg), self.day))

    @precondition(lambda self: any(proof.live for proof in self.open_proofs))
    @rule(data=st.data())
    def undo(self, data: Any) -> None:
        proof = self._pick(data, [proof for proof in self.open_proofs if proof.live])
        photo = proof.live[-1]
        self.spool.drop_photo(proof.proof_id, photo.sha256)
        photo.undone = True

    @precondition(lambda self: self.open_proofs)
    @rule(data=st.data(), closing=ENDS)
    def close(self, data: Any, closing: Closing) -> None:
        proof = self._pick(data, self.open_proofs)
        if closing is Closing.SEND and not proof.live:
            closing = Closing.CANCELLED
        stored = self.spool.close_proof(proof.proof_id, closing, self.clock.now())
        self._closed(proof, stored.raw)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def withdraw(self, data: Any) -> None:
        proof = self._pick(data, self.sent)
        self._closed(proof, self.spool.withdraw(proof.proof_id, self.clock.now()).raw)

    @rule(code=CODES)
    def reopen(self, code: str) -> None:
        settled = [
            (proof.newest.order, proof)
            for proof in self.proofs.values()
            if proof.code == code
            and not proof.is_open
            and proof.newest
            and proof.newest.closing in {Closing.SEND, Closing.UNSENT}
        ]
        proof = max(settled)[1] if settled else None
        may = proof and proof.newest and proof.newest.closing is Closing.UNSENT and proof.live
        reopened = self.spool.reopen(code, self.clock.now())
        if not may or proof is None:
            assert reopened is None
            return
        assert reopened is not None
        assert reopened.proof_id == proof.proof_id
        assert [p.sha256 for p in reopened.photos] == [p.sha256 for p in proof.live]
        proof.is_open = True

    @precondition(lambda self: self.proofs)
    @rule(picture=PICTURES)
    def photo_receipt(self, picture: int) -> None:
        self.spool.photo_receipted(sha256(jpeg(picture)))
        for proof in self.proofs.values():
            for photo in proof.photos:
                photo.receipted |= photo.sha256 == sha256(jpeg(picture))

    @precondition(lambda self: any(proof.manifests for proof in self.proofs.values()))
    @rule(data=st.data())
    def proof_receipt(self, data: Any) -> None:
        proof = self._pick(data, [p for p in self.proofs.values() if p.manifests])
        revision = data.draw(st.integers(1, len(proof.manifests)))
        self.spool.proof_receipted(proof.proof_id, revision)
        manifest = proof.manifests[revision - 1]
        manifest.receipted = True
        for photo in manifest.photos:
            photo.receipted = True

    @rule(days=st.integers(1, 20))
    def days_pass(self, days: int) -> None:
        self.clock.advance(days * 86_400)

    @rule()
    def retention(self) -> None:
        assert self.spool.apply_retention(self.clock.now()).refused == ""
        for proof in self.proofs.values():
            for photo in proof.photos:
                if photo.freed or self.day - photo.day <= KEEP_DAYS or not proof.may_free(photo):
                    continue
                photo.freed = True
                for manifest in proof.manifests:
                    manifest.given_up |= photo in manifest.photos and not manifest.receipted
        self._forget()

    def _forget(self) -> None:
        known = {summary.proof_id for summary in self.spool.list_proofs(999)}
        for gone in set(self.proofs) - known:
            proof = self.proofs[gone]
            assert not proof.is_open
            assert proof.newest is not None
            assert proof.newest.receipted or proof.newest.closing is Closing.CANCELLED
            assert all(photo.freed for photo in proof.photos)
            del self.proofs[gone]

    # --- ends -----------------------------------------------------------------------------------

    @rule()
    def stop_and_start(self) -> None:
        self.spool.close()
        self.spool = self._open()
        self._recovered()

    @rule()
    def power_cut(self) -> None:
        """Everything that was not synced is gone; the old daemon never closed anything."""
        self.starts += 1
        image = self.root / str(self.starts)
        self.files.power_cut(self.directory, image)
        self.spool.close()
        self.directory = image
        self.spool = self._open()
        self._recovered()

    def _recovered(self) -> None:
        assert self.spool.recovery.found == ()
        assert self.spool.recovery.lost == ()
        assert self.spool.recovery.damaged_journal is None
        left_open = self.open_proofs
        recovered = self.spool.recovery.recovered
        assert [r.proof_id for r in recovered] == [p.proof_id for p in left_open]
        raws = {m.proof_id: m.raw for m in self.spool.manifests_to_send(999)}
        for proof, said in zip(left_open, recovered, strict=True):
            assert said.closing is (Closing.UNSENT if proof.live else Closing.CANCELLED)
            self._closed(proof, raws[proof.proof_id])

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def files_and_rows_agree(self) -> None:
        assert_in_order(self.directory)

    @invariant()
    def manifests_wait_byte_for_byte(self) -> None:
        waiting = self.spool.manifests_to_send(999)
        assert [(m.proof_id, m.raw) for m in waiting] == [
            (proof.proof_id, manifest.raw) for proof, manifest in self.waiting
        ]
        assert self.spool.counts().waiting_proofs == len(waiting)

    @invariant()
    def photos_wait_until_they_are_receipted(self) -> None:
        expected = {
            photo.sha256
            for proof in self.proofs.values()
            for photo in proof.live
            if not photo.receipted
        }
        waiting = [photo.sha256 for photo in self.spool.photos_to_send(999)]
        assert len(waiting) == len(set(waiting))
        assert set(waiting) == expected
        for sha in waiting:
            assert sha256(self.spool.read_photo(sha)) == sha

    @invariant()
    def a_photo_goes_only_after_its_receipt(self) -> None:
        """Invariant 3: what is named by a manifest that waits is on the disk."""
        names: set[str] = set()
        for summary in self.spool.list_proofs(999):
            names |= {path.name for path in summary.photos}
            shown = [photo.sha256[:8] for photo in self.proofs[summary.proof_id].live]
            assert [Path(path).stem.rsplit("_", 1)[1] for path in summary.photos] == shown
            assert all(path.is_file() for path in summary.photos)


TestPromises = Promises.TestCase
TestPromises.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
