"""The thread that owns the journal, on a real spool: order, answers, and a disk that refuses."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import pytest

from edge.camera.errors import EncodeFailed
from edge.effects import (
    CloseProof,
    DropPhoto,
    Effect,
    Hold,
    NoteWithoutPhoto,
    OpenProof,
    Release,
    SavePhoto,
    Withdraw,
)
from edge.events import (
    CodesRead,
    DiskChanged,
    Event,
    PhotoFailed,
    PhotoSaved,
    ProofOpened,
    ProofSettled,
    StoreFailed,
    WaitingChanged,
)
from edge.owners.frames import FrameTray, TakenFrame
from edge.owners.store import StoreEffect, StoreOwner
from edge.spool.disk import DiskUse
from edge.spool.retention import Retention
from edge.spool.store import Spool
from tests.support.spool_faults import FaultyFiles, FaultyJournal
from tests.support.spool_table import TableClock, jpeg, open_spool, proof_id, sha256
from tests.support.waiting import eventually
from wire.messages import Area, Closing, DispatchState, Manifest, Mode

ORDER = "220101AAAAAAAA"
_PATIENCE_S = 20.0


@dataclass
class DrawnFrame:
    """A frame that becomes a given JPEG, or none."""

    content: bytes | None
    began_ns: int = 0
    size: tuple[int, int] = (320, 240)

    def jpeg(self, quality: int) -> bytes:
        assert quality == 85
        if self.content is None:
            raise EncodeFailed("no pixels")
        return self.content


@dataclass
class Rig:
    """A store owner on a real spool."""

    spool: Spool
    clock: TableClock
    tray: FrameTray = field(default_factory=FrameTray)
    posted: SimpleQueue[Event] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.owner = StoreOwner(
            self.spool,
            self.tray,
            self.posted.put,
            self.clock,
            jpeg_quality=85,
            check=lambda _: ("dark",),
            offer=self._offered,
        )

    def _offered(self, capture_id: int, jpeg: bytes) -> None:
        """The photo's bytes take part in the order of events: as if read at once."""
        self.posted.put(CodesRead(capture_id, (sha256(jpeg),), 0))

    def do(self, *effects: StoreEffect) -> list[Event]:
        """Carry out effects; their answers, without news about the disk."""
        for effect in effects:
            self.owner.do(effect)
        assert self.owner.stop(_PATIENCE_S)
        return [one for one in self.all_posted() if not isinstance(one, DiskChanged)]

    def all_posted(self) -> list[Event]:
        found = []
        while not self.posted.empty():
            found.append(self.posted.get())
        return found

    def put(self, capture_id: int, content: bytes | None) -> None:
        taken = TakenFrame(DrawnFrame(content), self.clock.now(), "simulated")
        self.tray.put(capture_id, taken)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    clock = TableClock()
    spool = open_spool(tmp_path / "spool", clock)
    rig = Rig(spool, clock)
    rig.owner.start()
    yield rig
    rig.owner.stop(_PATIENCE_S)
    spool.close()


def _kinds(events: list[Event]) -> list[type[Event]]:
    return [type(one) for one in events if not isinstance(one, WaitingChanged | CodesRead)]


def test_a_photo_is_offered_for_reading_after_it_is_said_to_be_saved(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    rig.put(2, None)
    answers = rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        SavePhoto(2, proof_id(1)),
    )
    about = [one for one in answers if isinstance(one, PhotoSaved | PhotoFailed | CodesRead)]
    assert [type(one) for one in about] == [PhotoSaved, CodesRead, PhotoFailed]
    assert isinstance(about[1], CodesRead)
    assert (about[1].capture_id, about[1].codes) == (1, (sha256(jpeg(1)),))


def test_a_proof_from_opening_to_its_close(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    answers = rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING, "Mei"),
        SavePhoto(1, proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
    )
    assert _kinds(answers) == [ProofOpened, PhotoSaved, ProofSettled]
    saved = answers[1]
    assert isinstance(saved, PhotoSaved)
    assert (saved.sha256, saved.warnings) == (sha256(jpeg(1)), ("dark",))


@pytest.mark.parametrize("area", [None, Area(left=1000, top=0, width=8000, height=9000)])
def test_each_photo_carries_the_packing_area(rig: Rig, area: Area | None) -> None:
    """What the buyer is shown of it; the original stays whole."""
    rig.owner.stop(_PATIENCE_S)
    rig.owner = StoreOwner(
        rig.spool,
        rig.tray,
        rig.posted.put,
        rig.clock,
        jpeg_quality=85,
        check=lambda _: (),
        packing_area=area,
    )
    rig.owner.start()
    rig.put(1, jpeg(1))
    rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
    )
    [manifest] = rig.spool.manifests_to_send(10)
    assert [one.packing_area for one in Manifest.from_bytes(manifest.raw).photos] == [area]


def test_the_close_names_exactly_the_photos_that_the_light_counted(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    rig.put(2, jpeg(2))
    rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        SavePhoto(2, proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
        DropPhoto(proof_id(1), sha256(jpeg(2))),
    )
    [manifest] = rig.spool.manifests_to_send(10)
    assert manifest.sha256s == (sha256(jpeg(1)),)
    assert not any(isinstance(one, StoreFailed) for one in rig.all_posted())


def test_a_packer_never_waits_behind_what_the_cloud_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After hours without a line hundreds of receipts come at once; each is a write to the disk."""
    clock = TableClock()
    with closing(open_spool(tmp_path / "spool", clock)) as spool:
        rig = Rig(spool, clock)
        order: list[str] = []
        monkeypatch.setattr(spool, "proof_receipted", lambda proof, _: order.append(proof))
        monkeypatch.setattr(spool, "close_proof", lambda proof, *_, **__: order.append(proof))
        receipts = [proof_id(number) for number in range(2, 502)]
        for number in receipts:
            rig.owner.proof_receipted(number, 1)
        rig.put(1, jpeg(1))
        rig.owner.do(OpenProof(proof_id(1), ORDER, Mode.PACKING))
        rig.owner.do(SavePhoto(1, proof_id(1)))
        rig.owner.do(CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)))
        rig.owner.start()
        assert rig.owner.stop(_PATIENCE_S)
    assert order == [proof_id(1), *receipts]


def test_an_unsent_order_comes_back_with_its_photos(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    answers = rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        CloseProof(proof_id(1), Closing.UNSENT, (sha256(jpeg(1)),)),
        OpenProof(proof_id(2), ORDER, Mode.PACKING),
    )
    back = [one for one in answers if isinstance(one, ProofOpened)][-1]
    assert (back.asked_id, back.proof_id) == (proof_id(2), proof_id(1))
    assert back.photos == (sha256(jpeg(1)),)


def test_an_order_sent_before_is_said(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    answers = rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
        OpenProof(proof_id(2), ORDER, Mode.PACKING),
    )
    opened = [one for one in answers if isinstance(one, ProofOpened)]
    assert [one.already_sent for one in opened] == [False, True]


@pytest.mark.parametrize("content", [None, b"\xff\xd8 cut short"])
def test_a_photo_that_is_none_fails_and_says_nothing_of_the_disk(
    rig: Rig, content: bytes | None
) -> None:
    rig.put(1, content)
    answers = rig.do(OpenProof(proof_id(1), ORDER, Mode.PACKING), SavePhoto(1, proof_id(1)))
    assert _kinds(answers) == [ProofOpened, PhotoFailed]


def test_a_dropped_frame_is_not_saved(rig: Rig) -> None:
    answers = rig.do(OpenProof(proof_id(1), ORDER, Mode.PACKING), SavePhoto(1, proof_id(1)))
    assert _kinds(answers) == [ProofOpened, PhotoFailed]


def test_a_held_manifest_stays(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        Hold(proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
    )
    assert rig.spool.manifests_to_send(10) == []


def test_withdrawing_after_a_hold(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    rig.do(
        OpenProof(proof_id(1), ORDER, Mode.PACKING),
        SavePhoto(1, proof_id(1)),
        Hold(proof_id(1)),
        CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)),
        Withdraw(proof_id(1)),
        Release(proof_id(1)),
    )
    [manifest] = rig.spool.manifests_to_send(10)
    assert manifest.revision == 2


def test_a_refusal_names_the_proof(rig: Rig) -> None:
    answers = rig.do(CloseProof(proof_id(9), Closing.SEND, ()))
    [failed] = [one for one in answers if isinstance(one, StoreFailed)]
    assert failed.proof_id == proof_id(9)


def test_news_about_a_proof_that_is_gone_does_not_call_the_lead(rig: Rig) -> None:
    rig.owner.note_progress(proof_id(9), DispatchState.SENT, "")
    rig.owner.proof_receipted(proof_id(9), 1)
    rig.owner.photo_receipted(sha256(b"gone"))
    assert not any(isinstance(one, StoreFailed) for one in rig.do(NoteWithoutPhoto(ORDER)))


def test_the_longest_waiting_proof_is_told(rig: Rig) -> None:
    rig.put(1, jpeg(1))
    began_ns = rig.clock.monotonic_ns()
    rig.owner.do(OpenProof(proof_id(1), ORDER, Mode.PACKING))
    rig.owner.do(SavePhoto(1, proof_id(1)))
    rig.owner.do(CloseProof(proof_id(1), Closing.SEND, (sha256(jpeg(1)),)))
    told: Event = rig.posted.get(timeout=_PATIENCE_S)
    while not isinstance(told, WaitingChanged):
        told = rig.posted.get(timeout=_PATIENCE_S)
    assert told.since_ns == began_ns


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_refuses_a_photo_is_said_and_the_next_photo_is_tried(
    tmp_path: Path, error: int
) -> None:
    clock, files = TableClock(), FaultyFiles()
    spool = open_spool(tmp_path / "spool", clock, files=files)
    rig = Rig(spool, clock)
    rig.put(1, jpeg(1))
    rig.put(2, jpeg(2))
    rig.owner.do(OpenProof(proof_id(1), ORDER, Mode.PACKING))
    rig.owner.do(SavePhoto(1, proof_id(1)))
    rig.owner.do(SavePhoto(2, proof_id(1)))
    files.break_at(0, error)
    rig.owner.start()
    answers = _kinds(rig.do())
    spool.close()
    assert answers == [ProofOpened, PhotoFailed, StoreFailed, PhotoSaved]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_damaged_journal_ends_the_thread(tmp_path: Path) -> None:
    """And with it the daemon, because only a start repairs; nothing is called saved before."""
    clock, journal = TableClock(), FaultyJournal()
    spool = open_spool(tmp_path / "spool", clock, connect=journal.connect)
    rig = Rig(spool, clock)
    rig.owner.do(OpenProof(proof_id(1), ORDER, Mode.PACKING))
    rig.owner.do(NoteWithoutPhoto(ORDER))
    journal.watch(break_at=0, code=sqlite3.SQLITE_CORRUPT)
    rig.owner.start()
    eventually(lambda: not rig.owner.alive())
    assert _kinds(rig.all_posted()) == [DiskChanged]
    spool.close()


@pytest.mark.parametrize(("free_bytes", "waits_s"), [(50, 30), (500, 600)])
def test_old_copies_make_room_sooner_where_no_order_is_taken(
    tmp_path: Path, free_bytes: int, waits_s: int
) -> None:
    clock, files = TableClock(), FaultyFiles()
    retention = Retention(keep_days=30, max_bytes=0)
    spool = open_spool(
        tmp_path / "spool", clock, files=files, reserve_bytes=100, retention=retention
    )
    rig = Rig(spool, clock)
    rig.owner._rest()
    spool.open_proof(proof_id(1), ORDER, Mode.PACKING, clock.now())
    spool.save_photo(proof_id(1), 1, jpeg(1), clock.now(), "simulated")
    spool.close_proof(proof_id(1), Closing.SEND, clock.now())
    spool.proof_receipted(proof_id(1), 1)
    files.room = DiskUse(total_bytes=1000, free_bytes=free_bytes)
    rig.owner._rest()
    clock.advance(waits_s - 1)
    rig.owner._rest()
    assert spool.kept_photos() == 1
    clock.advance(1)
    rig.owner._rest()
    assert spool.kept_photos() == 0
    spool.close()


def test_every_store_effect_is_an_effect() -> None:
    assert set(StoreEffect.__args__) <= set(Effect.__args__)
