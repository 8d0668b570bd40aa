"""What a power cut may leave in the photo store: no receipt counts it as there (invariant 4).

Between a photo's write and the flush of its folder, the file may be empty, short, or filled with
zeros under its final name, with its row or, as the row follows the flush, without.
"""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.local import LocalPhotoStore
from cloud.proofs.service import add_photo
from tests.support.link_table import AT, LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import RunningLink, add_device
from tests.support.waiting import eventually
from wire.messages import PhotoResult, PhotoState, ProofResult

DATA = jpeg(1)
LEFT: dict[str, bytes] = {
    "empty": b"",
    "short": DATA[:4096],
    "zeros": bytes(len(DATA)),
}


@pytest.mark.parametrize("has_row", [True, False], ids=["with row", "without row"])
@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_a_photo_that_a_power_cut_spoilt_is_asked_for_and_written_anew(
    mosquitto: Mosquitto, database: Database, tmp_path: Path, left: bytes, has_row: bool
) -> None:
    address, organisation_id = add_device(database, "table-01")
    file = leave(tmp_path / "photos", organisation_id, left)
    if has_row:
        database.write(row, scoped(organisation_id))
    about = manifest("0" * 32, [DATA])
    store = LocalPhotoStore(tmp_path / "photos")
    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        asked = [PhotoState(sha256=sha_of(DATA), size_bytes=len(DATA))]
        (answer,) = table.ask("i", photos=asked).photos
        assert (answer.result, answer.missing) == (PhotoResult.PARTIAL, [(0, len(DATA))])
        table.send_manifest(about)
        assert table.wait_proof(about.proof_id).result is ProofResult.MISSING
        table.send_photo(DATA)
        assert table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
        assert file.read_bytes() == DATA
        table.send_manifest(about)
        assert table.wait_proof(about.proof_id, least=2).result is ProofResult.RECEIPTED


def leave(folder: Path, organisation_id: int, left: bytes) -> Path:
    file = folder / str(organisation_id) / sha_of(DATA)[:2] / sha_of(DATA)
    file.parent.mkdir(parents=True)
    file.write_bytes(left)
    return file


def row(session: Session) -> None:
    add_photo(session, sha_of(DATA), len(DATA), "table-01", AT)


HALF_WAY = {"file": ("fsync", 1), "place": ("replace", 1), "folder": ("fsync", 2)}
"""The n-th call of a step that fails; the folders themselves are there already."""


@pytest.mark.parametrize("fails", HALF_WAY.values(), ids=HALF_WAY)
def test_a_disk_that_fails_half_way_gives_no_receipt_and_the_photo_may_come_again(
    mosquitto: Mosquitto,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails: tuple[str, int],
) -> None:
    address, organisation_id = add_device(database, "table-01")
    store = LocalPhotoStore(tmp_path / "photos")
    store.put(organisation_id, sha_of(DATA), DATA)
    store.delete(organisation_id, sha_of(DATA))
    with RunningLink(mosquitto, database, store), LinkTable(mosquitto, address) as table:
        with monkeypatch.context() as broken:
            failed = fail_once(broken, *fails)
            table.send_photo(DATA)
            eventually(lambda: failed)
            table.wait_until_link_has_seen_all()
            assert table.photo_answers(sha_of(DATA)) == []
        table.send_photo(DATA)
        assert table.wait_photo(sha_of(DATA)).result is PhotoResult.RECEIPTED
    assert store.read(organisation_id, sha_of(DATA)) == DATA
    assert list((tmp_path / "photos" / "incoming").iterdir()) == []


def fail_once(patch: pytest.MonkeyPatch, step: str, call: int) -> list[str]:
    real: Callable[..., object] = getattr(os, step)
    failed: list[str] = []
    left = [call]

    def broken(*arguments: object) -> object:
        if not threading.current_thread().name.startswith("link-photo"):
            return real(*arguments)
        left[0] -= 1
        if left[0] == 0:
            failed.append(step)
            raise OSError(errno.EIO, "Input/output error")
        return real(*arguments)

    patch.setattr(os, step, broken)
    return failed
