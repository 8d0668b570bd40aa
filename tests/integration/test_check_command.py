"""`packwitness-cloud check` as it is typed, on both stores (issue 3)."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.database.base import utc_now
from cloud.database.scope import scoped
from cloud.database.write import Database
from cloud.photos.local import LocalPhotoStore
from cloud.photos.s3 import S3PhotoStore
from cloud.photos.store import PhotoStore
from cloud.proofs.service import add_photo
from tests.support.cloud_program import Cloud
from tests.support.s3_server import S3Server

SOUND, LOST, SPOILT = (f"\xff\xd8 {name}".encode() for name in ("sound", "lost", "spoilt"))


def sha(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


@dataclass
class Installation:
    """A cloud with its store, and a way to spoil a photo behind its back."""

    cloud: Cloud
    store: PhotoStore
    spoil: Callable[[str], None]

    def add(self, photo: bytes) -> None:
        self.store.put(1, sha(photo), photo)
        with Database.open(f"sqlite:///{self.cloud.folder / 'packwitness.sqlite3'}") as database:
            database.write(
                lambda session: add_photo(session, sha(photo), len(photo), "table-1", utc_now()),
                scoped(1),
            )

    def lose_and_spoil(self) -> None:
        for photo in (SOUND, LOST, SPOILT):
            self.add(photo)
        self.store.delete(1, sha(LOST))
        self.spoil(sha(SPOILT))


@pytest.fixture(params=["local", "s3"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    folder = tmp_path / "cloud"
    spoilt = b"?" * len(SPOILT)

    def spoil_file(sha256: str) -> None:
        (folder / "photos" / "1" / sha256[:2] / sha256).write_bytes(spoilt)

    if request.param == "local":
        made = Installation(
            Cloud(folder),
            LocalPhotoStore(folder / "photos"),
            spoil_file,
        )
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        bucket = server.make_bucket()
        made = Installation(
            Cloud(folder, server.environment(bucket)),
            S3PhotoStore(server.settings(bucket)),
            lambda sha256: server.put_raw(bucket, f"1/{sha256}", spoilt),
        )
    assert made.cloud.run("init").returncode == 0
    return made


def test_all_well_is_said_and_ends_with_0(installation: Installation) -> None:
    installation.add(SOUND)
    for options in ([], ["--quick"]):
        checked = installation.cloud.run("check", *options)
        assert checked.returncode == 0, checked.stderr
        assert checked.stdout == "checked 1 photos, 1 stored: all well\n"


def test_what_is_wrong_is_named_and_nothing_is_changed(installation: Installation) -> None:
    installation.lose_and_spoil()
    first, second = (installation.cloud.run("check") for _ in range(2))
    assert first.returncode == second.returncode == 1
    assert first.stdout == second.stdout
    said = first.stdout.splitlines()
    assert sorted(line.split(",")[0] for line in said[:2]) == [
        f"damaged: photo {sha(SPOILT)} of organisation 1",
        f"missing: photo {sha(LOST)} of organisation 1",
    ]
    assert [line.split(":")[0] for line in said[2:4]] == ["damaged (1)", "missing (1)"]
    assert said[4:] == ["checked 3 photos, 2 stored: 2 findings; nothing was changed"]


def test_quick_sees_what_is_missing_but_reads_no_photo(installation: Installation) -> None:
    installation.lose_and_spoil()
    quick = installation.cloud.run("check", "--quick", "--json")
    assert quick.returncode == 1
    finding, sums = map(json.loads, quick.stdout.splitlines())
    assert (finding["wrong"], finding["sha256"]) == ("missing", sha(LOST))
    assert sums["found"] == {"missing": 1}


def test_photos_of_an_organisation_that_is_gone_are_found(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "cloud")
    assert cloud.run("init").returncode == 0
    LocalPhotoStore(cloud.folder / "photos").put(7, sha(SOUND), SOUND)
    file = cloud.folder / "photos" / "7" / sha(SOUND)[:2] / sha(SOUND)
    os.utime(file, (0, 0))
    checked = cloud.run("check")
    assert checked.returncode == 1
    assert f"no row: photo {sha(SOUND)} of organisation 7" in checked.stdout


def test_it_leaves_a_running_cloud_alone(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "cloud")
    with cloud.serving() as serving:
        unfinished = cloud.folder / "photos" / "incoming" / "being-written"
        unfinished.write_bytes(b"half")
        assert cloud.run("check").returncode == 0
        assert unfinished.exists()
        assert serving.end() == 0


def test_a_store_that_cannot_be_checked_is_one_line(s3_server: S3Server, tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "cloud", s3_server.environment("nowhere"))
    assert cloud.run("init").returncode == 0
    checked = cloud.run("check")
    assert checked.returncode == 2
    assert checked.stdout == ""
    [line] = checked.stderr.splitlines()
    assert line.startswith("packwitness-cloud: the bucket nowhere at http://127.0.0.1:")
