"""The cloud goes on from a backup that is older than what it took in last.

Photos are not in the database; here they were copied later, as for-it.md asks, or are still there.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.states import DispatchState
from cloud.database.base import utc_now
from cloud.database.feed import ChangeFeed
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.marketplaces.shopee.adapter import Shopee
from cloud.proofs.models import AcceptedManifest
from cloud.proofs.service import Outcome, Verdict, accept_manifest, add_photo
from cloud.shops.gateway import ShopGateway
from sandbox.shopee import demo_seed
from tests.database_rows import TEST, only_sqlite
from tests.support.dispatch_bench import Bench, Packed
from tests.support.going_on import Uploads, let_uploads_be
from tests.support.waiting import eventually

ORDER = demo_seed.FURTHER_ORDER_SNS[0]
BUYER = 900000004


@dataclass
class Backup:
    """A copy of the database, and the cloud that goes on from it."""

    bench: Bench
    file: Path

    def take(self) -> None:
        """While the cloud works, as SQLite's own tool does it."""
        source = sqlite3.connect(str(self.bench.database.engines.writer.url.database))
        target = sqlite3.connect(self.file)
        source.backup(target)
        source.close()
        target.close()

    @contextmanager
    def put_back(self) -> Iterator[Bench]:
        """The same photos, keys and marketplace; the rows of the backup."""
        with Database.open(f"sqlite:///{self.file}") as database:
            gateway = ShopGateway(database, self.bench.box, self.bench.clients)
            yield replace(self.bench, database=database, gateway=gateway)


@pytest.fixture
def backup(bench: Bench, tmp_path: Path) -> Backup:
    return Backup(bench, tmp_path / "backup.sqlite")


def offer_again(cloud: Bench, packed: Packed) -> Verdict:
    """The table has no receipt for it: what the link does with its photos and its manifest."""
    now = utc_now()
    facts = cloud._manifest(packed.proof_key, ORDER, packed.photos, "packing", now)

    def unit(session: Session) -> Verdict:
        for photo in facts.photos:
            add_photo(session, photo.sha256, photo.size_bytes, facts.device_id, now)
        verdict = accept_manifest(session, facts, now)
        if verdict.proof is not None:
            ask_for_dispatch(session, verdict.proof, now)
        return verdict

    return cloud.database.write(unit, scoped(cloud.organisation_id))


def manifests(cloud: Bench) -> list[str]:
    with cloud.database.read(TEST) as session:
        return sorted(session.scalars(select(AcceptedManifest.proof_key)))


def dispatches(cloud: Bench) -> list[DispatchState]:
    with cloud.database.read(TEST) as session:
        return list(session.scalars(select(Dispatch.state).order_by(Dispatch.id)))


@only_sqlite
def test_what_the_backup_knows_to_be_sent_is_not_sent_again(backup: Backup, bench: Bench) -> None:
    """The table never heard its receipt, so that it offers the proof again."""
    with bench.running():
        packed = bench.pack(ORDER)
        bench.until(packed, DispatchState.SENT)
    backup.take()
    with backup.put_back() as restored, restored.running():
        assert offer_again(restored, packed).outcome is Outcome.REPEATED
        later = restored.pack(demo_seed.FURTHER_ORDER_SNS[1])
        restored.until(later, DispatchState.SENT)
        assert dispatches(restored) == [DispatchState.SENT, DispatchState.SENT]
    assert bench.pictures(BUYER) == list(packed.photos)


@only_sqlite
def test_what_came_after_the_backup_is_taken_in_again_and_sent_once(
    backup: Backup, bench: Bench
) -> None:
    backup.take()
    packed = bench.pack(ORDER)
    with backup.put_back() as restored, restored.running():
        assert manifests(restored) == []
        assert offer_again(restored, packed).outcome is Outcome.APPLIED
        restored.until(packed, DispatchState.SENT)
        assert offer_again(restored, packed).outcome is Outcome.REPEATED
        assert manifests(restored) == [packed.proof_key]
    assert bench.pictures(BUYER) == list(packed.photos)


@only_sqlite
@pytest.mark.parametrize("photo", [0, 2])
def test_a_backup_taken_half_way_through_a_request_looks_it_up(
    backup: Backup, bench: Bench, monkeypatch: pytest.MonkeyPatch, photo: int
) -> None:
    """It says that the request is under way: the chat has the message, so it is not sent again."""
    let_uploads_be(monkeypatch, Uploads.EARLY)
    # Its refusal would save us once more.
    bench.sandbox.control.limits(repeat_types=[])
    feed = ChangeFeed(bench.database)
    dispatcher = bench.dispatcher(feed, senders=1)
    packed = bench.pack(ORDER)
    with monkeypatch.context() as patched:
        stop_after_send(patched, backup, number=2 + photo)
        dispatcher.start()
        eventually(lambda: bench.deaths)
        feed.close()
        dispatcher.stop()
    bench.deaths.clear()
    with backup.put_back() as restored, restored.running():
        restored.until(packed, DispatchState.SENT)
    assert bench.kinds(BUYER) == ["text", "image", "image", "image"]
    assert bench.pictures(BUYER) == list(packed.photos)


class Killed(BaseException):
    """The process is gone."""


def stop_after_send(patched: pytest.MonkeyPatch, backup: Backup, number: int) -> None:
    """The marketplace has the n-th message, the backup is taken, and all else is lost."""
    real, left = Shopee.send, [number]

    def send(*args: object, **keywords: object) -> object:
        sent = real(*args, **keywords)  # type: ignore[arg-type]  # passed through
        left[0] -= 1
        if left[0] == 0:
            backup.take()
            raise Killed
        return sent

    patched.setattr(Shopee, "send", send)
