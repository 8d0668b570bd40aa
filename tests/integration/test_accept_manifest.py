"""The table of verdicts: what is there, what comes, what it does (invariant 7)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.fleet.models import PackingTable
from cloud.proofs.models import AcceptedManifest, Photo, Proof, ProofPhoto, QuarantinedManifest
from cloud.proofs.service import (
    ManifestFacts,
    Outcome,
    PhotoFacts,
    Verdict,
    accept_manifest,
    add_photo,
)
from tests.support.running_link import NOW, add_device

CLOSINGS = ("send", "unsent", "cancelled", "withdrawn")
PAIRS = list(product(CLOSINGS, CLOSINGS))
FOLLOWS = {("unsent", after) for after in CLOSINGS} | {("send", "withdrawn")}
A, B = "a" * 64, "b" * 64
AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def photo(sha256: str) -> PhotoFacts:
    return PhotoFacts(sha256=sha256, size_bytes=10, taken_at=AT, clock_synced=True, source="s")


def facts(revision: int = 1, closing: str = "send", *photos: str) -> ManifestFacts:
    return ManifestFacts(
        proof_key="1" * 32,
        revision=revision,
        digest=f"{closing}-{revision}-{''.join(it[0] for it in photos)}".ljust(64, "0"),
        raw=b"{}",
        device_id="table-01",
        table_id=0,
        closing=closing,
        mode="packing",
        code="CODE",
        photos=tuple(photo(it) for it in photos),
        sequence=revision,
        opened_at=AT,
        closed_at=AT,
        clock_synced=True,
        packer=None,
    )


class Desk:
    """One organisation's manifests."""

    def __init__(self, database: Database, device: str = "table-01") -> None:
        self.database = database
        _, organisation_id = add_device(database, device)
        self.scope = scoped(organisation_id)
        with database.read(self.scope) as session:
            self.table_id = session.scalars(select(PackingTable.id)).one()

    def store(self, *sha256s: str) -> None:
        def unit(session: Session) -> None:
            for sha256 in sha256s:
                add_photo(session, sha256, 10, "table-01", NOW)

        self.database.write(unit, self.scope)

    def accept(self, about: ManifestFacts, unsound: frozenset[str] = frozenset()) -> Verdict:
        about = replace(about, table_id=self.table_id)
        return self.database.write(
            lambda session: accept_manifest(session, about, NOW, unsound), self.scope
        )

    def proof(self) -> tuple[str, int, list[str]] | None:
        """Closing, revision and photos of the only proof."""
        with self.database.read(self.scope) as session:
            found = session.scalar(select(Proof))
            if found is None:
                return None
            photos = session.scalars(select(ProofPhoto.sha256).order_by(ProofPhoto.position))
            return found.closing, found.revision, list(photos)

    def count(self, model: type[AcceptedManifest | QuarantinedManifest]) -> int:
        with self.database.read(self.scope) as session:
            return session.scalar(select(func.count(model.id))) or 0


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_first_manifest_is_applied_whatever_it_says(desk: Desk, closing: str) -> None:
    desk.store(A)
    verdict = desk.accept(facts(3, closing, A))
    assert (verdict.outcome, verdict.receipted) == (Outcome.APPLIED, True)
    assert desk.proof() == (closing, 3, [A])


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_higher_revision_supersedes_an_unsent_one_and_withdraws_a_sent_one(
    desk: Desk, before: str, after: str
) -> None:
    desk.accept(facts(1, before))
    verdict = desk.accept(facts(2, after))
    if (before, after) in FOLLOWS:
        assert verdict.outcome is Outcome.APPLIED
        assert desk.proof() == (after, 2, [])
    else:
        assert verdict.outcome is Outcome.CONFLICT
        assert verdict.reason == f"{after} cannot follow {before}"
        assert desk.proof() == (before, 1, [])
        assert desk.count(QuarantinedManifest) == 1


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_lower_revision_changes_nothing_and_is_receipted(
    desk: Desk, before: str, after: str
) -> None:
    desk.accept(facts(5, before))
    verdict = desk.accept(facts(4, after))
    assert (verdict.outcome, verdict.receipted) == (Outcome.OUTDATED, True)
    assert desk.proof() == (before, 5, [])
    assert desk.accept(facts(4, after)).outcome is Outcome.REPEATED


def test_an_outdated_manifest_is_not_receipted_before_its_photos_are_there(desk: Desk) -> None:
    """Its receipt would let the table free them."""
    desk.store(A)
    desk.accept(facts(2, "send", A))
    verdict = desk.accept(facts(1, "unsent", A, B))
    assert (verdict.outcome, verdict.missing) == (Outcome.MISSING_PHOTOS, (B,))
    desk.store(B)
    assert desk.accept(facts(1, "unsent", A, B)).outcome is Outcome.OUTDATED


@pytest.mark.parametrize("proofs_too", [False, True], ids=["photos", "proofs-too"])
@pytest.mark.parametrize("closing", CLOSINGS)
def test_the_same_again_gets_the_same_answer_for_ever(
    desk: Desk, closing: str, proofs_too: bool
) -> None:
    """Also after a retention deleted its photos, and perhaps its proof (invariant 7)."""
    desk.store(A)
    desk.accept(facts(1, closing, A))

    def forget(session: Session) -> None:
        session.execute(delete(ProofPhoto))
        session.execute(delete(Photo))
        if proofs_too:
            session.execute(delete(Proof))

    desk.database.write(forget, desk.scope)
    verdict = desk.accept(facts(1, closing, A), unsound=frozenset({A}))
    assert (verdict.outcome, verdict.receipted) == (Outcome.REPEATED, True)
    assert desk.count(AcceptedManifest) == 1
    other = replace(facts(1, closing, A), digest="f" * 64)
    assert desk.accept(other).outcome is Outcome.CONFLICT


@pytest.mark.parametrize("closing", CLOSINGS)
def test_another_digest_is_quarantined_once_and_never_acted_on(desk: Desk, closing: str) -> None:
    desk.accept(facts(1, "unsent"))
    other = replace(facts(1, closing), digest="f" * 64, raw=b"other")
    for _ in range(2):
        verdict = desk.accept(other)
        assert (verdict.outcome, verdict.receipted) == (Outcome.CONFLICT, False)
    assert desk.count(QuarantinedManifest) == 1
    desk.accept(replace(other, digest="e" * 64))
    assert desk.count(QuarantinedManifest) == 2
    assert desk.proof() == ("unsent", 1, [])


def test_a_manifest_waits_for_its_photos_and_names_each_missing_one_once(desk: Desk) -> None:
    desk.store(A)
    verdict = desk.accept(facts(1, "send", A, B, B))
    assert (verdict.outcome, verdict.missing) == (Outcome.MISSING_PHOTOS, (B,))
    assert not verdict.receipted
    assert desk.proof() is None
    desk.store(B)
    assert desk.accept(facts(1, "send", A, B, B)).outcome is Outcome.APPLIED
    assert desk.proof() == ("send", 1, [A, B, B])


def test_a_row_whose_photo_is_not_sound_counts_as_missing(desk: Desk) -> None:
    """Invariant 4."""
    desk.store(A)
    verdict = desk.accept(facts(1, "send", A), unsound=frozenset({A}))
    assert (verdict.outcome, verdict.missing) == (Outcome.MISSING_PHOTOS, (A,))


def test_a_later_revision_replaces_the_photos(desk: Desk) -> None:
    desk.store(A, B)
    desk.accept(facts(1, "unsent", A, B))
    desk.accept(facts(2, "send", B))
    assert desk.proof() == ("send", 2, [B])


def test_an_adopted_spool_goes_on_from_another_device(desk: Desk) -> None:
    desk.accept(facts(1, "unsent"))
    moved = replace(facts(2, "send"), device_id="table-02")
    assert desk.accept(moved).outcome is Outcome.APPLIED
    assert desk.accept(replace(facts(1, "unsent"), device_id="table-02")).receipted
    with desk.database.read(desk.scope) as session:
        assert session.scalars(select(Proof.device_id)).one() == "table-02"


def test_two_organisations_do_not_meet(desk: Desk) -> None:
    """Invariant 8: the same proof id, another digest, and a photo that only one has."""
    other = Desk(desk.database, "table-02")
    desk.store(A)
    desk.accept(facts(1, "send", A))
    theirs = replace(facts(1, "unsent", A), digest="d" * 64)
    assert other.accept(theirs).outcome is Outcome.MISSING_PHOTOS
    other.store(A)
    assert other.accept(theirs).outcome is Outcome.APPLIED
    assert desk.proof() == ("send", 1, [A])
    assert other.proof() == ("unsent", 1, [A])
