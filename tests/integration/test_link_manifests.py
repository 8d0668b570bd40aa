"""Manifests over a real broker: the receipt that lets a table free its copies."""

import logging
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.database.errors import DatabaseBusy
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.errors import StoreUnavailable
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.proofs.models import AcceptedManifest, Proof, ProofPhoto, QuarantinedManifest
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import LinkSide, RunningLink, add_device, link_side
from tests.support.waiting import eventually
from wire.messages import Area, Closing, Mode, ProofResult, ProofState
from wire.topics import Up

DATA = jpeg(1)
PROOF = "1" * 32
Counted = AcceptedManifest | QuarantinedManifest | Proof | Dispatch


def count(side: LinkSide, model: type[Counted]) -> int:
    with side.database.read(scoped(side.organisation_id)) as session:
        return session.scalar(select(func.count(model.id))) or 0


def send_photo(side: LinkSide, data: bytes = DATA) -> None:
    side.table.wait_photo(side.table.send_photo(data))


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[LinkSide]:
    with link_side(mosquitto, database) as side:
        yield side


def test_a_proof_is_receipted_with_its_dispatch_committed(side: LinkSide) -> None:
    """U-13."""
    send_photo(side)
    side.table.send_manifest(manifest(PROOF, [DATA]))
    answer = side.table.wait_proof(PROOF)
    assert (answer.result, answer.revision) == (ProofResult.RECEIPTED, 1)
    with side.database.read(scoped(side.organisation_id)) as session:
        assert session.scalars(select(Dispatch.state)).one() is DispatchState.WAITING_FOR_ORDER
        raw = session.scalars(select(AcceptedManifest.raw)).one()
    assert raw == manifest(PROOF, [DATA]).to_bytes()


def test_the_packing_area_of_a_photo_is_kept_with_it(side: LinkSide) -> None:
    """An older table says nothing of it, and then all of the photo is shown."""
    other = jpeg(2)
    send_photo(side)
    send_photo(side, other)
    about = manifest(PROOF, [DATA, other])
    area = Area(left=1000, top=0, width=9000, height=5000)
    photos = [about.photos[0].model_copy(update={"packing_area": area}), about.photos[1]]
    side.table.send_manifest(about.model_copy(update={"photos": photos}))
    assert side.table.wait_proof(PROOF).result is ProofResult.RECEIPTED
    with side.database.read(scoped(side.organisation_id)) as session:
        rows = session.scalars(select(ProofPhoto).order_by(ProofPhoto.position)).all()
    areas = [(one.area_left, one.area_top, one.area_width, one.area_height) for one in rows]
    assert areas == [(1000, 0, 9000, 5000), (None, None, None, None)]


def test_a_manifest_before_its_photos_is_told_what_is_missing(side: LinkSide) -> None:
    other = jpeg(2)
    send_photo(side, other)
    side.table.send_manifest(manifest(PROOF, [DATA, other]))
    answer = side.table.wait_proof(PROOF)
    assert (answer.result, answer.missing) == (ProofResult.MISSING, [sha_of(DATA)])
    assert count(side, Proof) == 0
    send_photo(side)
    side.table.send_manifest(manifest(PROOF, [DATA, other]))
    assert side.table.wait_proof(PROOF, 2).result is ProofResult.RECEIPTED


def test_a_manifest_waits_for_a_photo_that_is_being_stored(
    mosquitto: Mosquitto, database: Database
) -> None:
    began, go_on = threading.Event(), threading.Event()

    class Slow(SimulatedPhotoStore):
        def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
            began.set()
            assert go_on.wait(20)
            super().put(organisation_id, sha256, data)

    address, _ = add_device(database, "table-01")
    with RunningLink(mosquitto, database, Slow()), LinkTable(mosquitto, address) as table:
        table.send_photo(DATA)
        assert began.wait(10)
        table.send_manifest(manifest(PROOF, [DATA]))
        threading.Timer(0.05, go_on.set).start()
        assert table.wait_proof(PROOF).result is ProofResult.RECEIPTED
        assert len(table.proof_answers(PROOF)) == 1


def test_a_repeat_gets_the_same_answer_and_no_second_dispatch(side: LinkSide) -> None:
    """Invariant 7."""
    send_photo(side)
    for times in range(1, 4):
        side.table.send_manifest(manifest(PROOF, [DATA]))
        assert side.table.wait_proof(PROOF, times).result is ProofResult.RECEIPTED
    assert (count(side, Proof), count(side, Dispatch)) == (1, 1)


def test_a_repeat_is_receipted_after_its_photos_were_deleted(side: LinkSide) -> None:
    """Invariant 7."""
    send_photo(side)
    side.table.send_manifest(manifest(PROOF, [DATA]))
    side.table.wait_proof(PROOF)
    side.store.delete(side.organisation_id, sha_of(DATA))
    side.table.send_manifest(manifest(PROOF, [DATA]))
    assert side.table.wait_proof(PROOF, 2).result is ProofResult.RECEIPTED


def test_another_content_under_the_same_revision_is_a_conflict(side: LinkSide) -> None:
    """Invariant 7."""
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    side.table.send_manifest(manifest(PROOF, [], code="OTHER"))
    answer = side.table.wait_proof(PROOF, 2)
    assert answer.result is ProofResult.CONFLICT
    assert count(side, QuarantinedManifest) == 1
    assert count(side, Dispatch) == 1


def test_after_send_only_withdrawn_can_follow(side: LinkSide) -> None:
    side.table.send_manifest(manifest(PROOF, [], closing=Closing.UNSENT))
    side.table.wait_proof(PROOF)
    assert count(side, Dispatch) == 0
    side.table.send_manifest(manifest(PROOF, [], revision=2))
    assert side.table.wait_proof(PROOF, 2).result is ProofResult.RECEIPTED
    side.table.send_manifest(manifest(PROOF, [], revision=3))
    assert side.table.wait_proof(PROOF, 3).result is ProofResult.CONFLICT
    side.table.send_manifest(manifest(PROOF, [], revision=4, closing=Closing.WITHDRAWN))
    assert side.table.wait_proof(PROOF, 4).result is ProofResult.RECEIPTED
    with side.database.read(scoped(side.organisation_id)) as session:
        assert session.scalars(select(Dispatch.state)).one() is DispatchState.CANCELLED


@pytest.mark.parametrize("mode", [Mode.TRAINING, Mode.RETURN])
def test_training_and_returns_are_kept_and_not_sent(side: LinkSide, mode: Mode) -> None:
    side.table.send_manifest(manifest(PROOF, [], mode=mode))
    side.table.wait_proof(PROOF)
    with side.database.read(scoped(side.organisation_id)) as session:
        assert session.scalars(select(Dispatch.state)).one() is DispatchState.SAVED_NOT_SENT


def test_a_photo_that_is_damaged_since_is_asked_for_before_the_receipt(side: LinkSide) -> None:
    """Invariant 4: after this receipt the table frees its copy."""
    send_photo(side)
    side.store.damage(side.organisation_id, sha_of(DATA))
    side.table.send_manifest(manifest(PROOF, [DATA]))
    answer = side.table.wait_proof(PROOF)
    assert (answer.result, answer.missing) == (ProofResult.MISSING, [sha_of(DATA)])
    side.table.wait_photo(side.table.send_photo(DATA), 2)
    side.table.send_manifest(manifest(PROOF, [DATA]))
    assert side.table.wait_proof(PROOF, 2).result is ProofResult.RECEIPTED
    assert side.store.read(side.organisation_id, sha_of(DATA)) == DATA


def test_without_the_photo_store_there_is_no_receipt(
    side: LinkSide, caplog: pytest.LogCaptureFixture
) -> None:
    send_photo(side)
    side.store.fail_next(StoreUnavailable("away"))
    with caplog.at_level(logging.ERROR):
        side.table.send_manifest(manifest(PROOF, [DATA]))
        eventually(lambda: "could not be committed" in caplog.text)
    side.table.send_manifest(manifest(PROOF, [DATA]))
    assert side.table.wait_proof(PROOF).result is ProofResult.RECEIPTED
    assert len(side.table.proof_answers(PROOF)) == 1


def test_without_a_commit_there_is_no_receipt(
    side: LinkSide, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 4."""

    def no_write(*_: object) -> None:
        raise DatabaseBusy("away")

    send_photo(side)
    with monkeypatch.context() as away, caplog.at_level(logging.ERROR):
        away.setattr(side.database, "write", no_write)
        side.table.send_manifest(manifest(PROOF, [DATA]))
        eventually(lambda: "could not be committed" in caplog.text)
    side.table.wait_until_link_has_seen_all()
    assert not side.table.proof_answers(PROOF)
    side.table.send_manifest(manifest(PROOF, [DATA]))
    assert side.table.wait_proof(PROOF).result is ProofResult.RECEIPTED


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "Invalid JSON"),
        (b"[]", "Manifest"),
        (b"\xff\xfe", "Invalid JSON"),
        (b'{"version": 2}', "version 2 is not spoken here, only 1"),
        (b'{"version": "latest"}', "version latest is not spoken here"),
        (manifest("2" * 32, []).to_bytes(), "another proof than its topic"),
        (manifest(PROOF, []).to_bytes().replace(b'"sequence":1', b'"sequence":1e18'), "sequence"),
        (manifest(PROOF, [], code="A").to_bytes().replace(b'"A"', rb'"\u0000"'), "code"),
        (
            manifest(PROOF, [])
            .to_bytes()
            .replace(b"2026-03-01T10:00:00Z", b"0001-01-01T00:00:00+14:00"),
            "outside of the calendar",
        ),
        (manifest(PROOF, []).to_bytes() + b" " * 70_000, "bytes are more than"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_refused_with_its_reason(
    side: LinkSide, payload: bytes, said: str
) -> None:
    side.table.say_raw(side.table.address.proof(PROOF), payload)
    answer = side.table.wait_proof(PROOF)
    assert answer.result is ProofResult.REFUSED
    assert said in answer.reason
    assert count(side, AcceptedManifest) == 0


def test_an_unknown_field_is_ignored(side: LinkSide) -> None:
    raw = manifest(PROOF, []).to_bytes()[:-1] + b',"weight_g":350}'
    side.table.say_raw(side.table.address.proof(PROOF), raw)
    assert side.table.wait_proof(PROOF).result is ProofResult.RECEIPTED


def test_an_adopted_spool_sends_from_another_device(side: LinkSide, mosquitto: Mosquitto) -> None:
    other, _ = add_device(side.database, "table-02", 9, side.organisation_id)
    side.table.send_manifest(manifest(PROOF, [], closing=Closing.UNSENT))
    side.table.wait_proof(PROOF)
    with LinkTable(mosquitto, other) as second:
        second.send_manifest(manifest(PROOF, [], closing=Closing.UNSENT))
        assert second.wait_proof(PROOF).result is ProofResult.RECEIPTED
        second.send_manifest(manifest(PROOF, [], revision=2))
        assert second.wait_proof(PROOF, 2).result is ProofResult.RECEIPTED
    assert (count(side, Proof), count(side, Dispatch)) == (1, 1)


def test_two_organisations_with_the_same_proof_id_do_not_meet(
    side: LinkSide, mosquitto: Mosquitto
) -> None:
    """Invariant 8."""
    other, _ = add_device(side.database, "table-02")
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    with LinkTable(mosquitto, other) as second:
        second.send_manifest(manifest(PROOF, [], code="THEIRS"))
        assert second.wait_proof(PROOF).result is ProofResult.RECEIPTED
    assert count(side, Proof) == 1


def test_an_inventory_says_what_became_of_each_manifest(side: LinkSide) -> None:
    known, unknown = manifest(PROOF, []), "3" * 32
    side.table.send_manifest(known)
    side.table.wait_proof(PROOF)
    digest = sha_of(known.to_bytes())
    states = [
        ProofState(proof_id=PROOF, revision=1, digest=digest),
        ProofState(proof_id=PROOF, revision=1, digest="0" * 64),
        ProofState(proof_id=PROOF, revision=2, digest=digest),
        ProofState(proof_id=unknown, revision=1, digest=digest),
    ]
    answer = side.table.ask("i", proofs=states)
    assert answer.correlation == "i"
    assert [(it.proof_id, it.revision, it.result) for it in answer.proofs] == [
        (PROOF, 1, ProofResult.RECEIPTED),
        (PROOF, 1, ProofResult.CONFLICT),
        (PROOF, 2, ProofResult.UNKNOWN),
        (unknown, 1, ProofResult.UNKNOWN),
    ]


def test_an_inventory_of_another_organisation_knows_nothing(
    side: LinkSide, mosquitto: Mosquitto
) -> None:
    """Invariant 8."""
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    other, _ = add_device(side.database, "table-02")
    digest = sha_of(manifest(PROOF, []).to_bytes())
    with LinkTable(mosquitto, other) as second:
        state = ProofState(proof_id=PROOF, revision=1, digest=digest)
        answer = second.ask("i", proofs=[state], following=[PROOF])
        assert [it.result for it in answer.proofs] == [ProofResult.UNKNOWN]
        second.wait_until_link_has_seen_all()
        assert not second.progress


def test_following_is_answered_with_progress(side: LinkSide) -> None:
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    eventually(lambda: side.table.progress)  # that of the new dispatch
    told = len(side.table.progress)
    side.table.ask("i", following=[PROOF, "9" * 32])
    eventually(lambda: len(side.table.progress) > told)
    assert {it.proof_id for it in side.table.progress} == {PROOF}


def test_an_inventory_that_cannot_be_read_is_passed_over(side: LinkSide) -> None:
    side.table.say_raw(side.table.address.up(Up.INVENTORY), b'{"version":9}')
    side.table.wait_until_link_has_seen_all()
    assert len(side.table.answers) == 1
