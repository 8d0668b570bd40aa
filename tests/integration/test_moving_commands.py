"""`packwitness-cloud move-database` and `move-photos` as they are typed (issue 3)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.database.engine import make_engines
from cloud.photos.local import LocalPhotoStore
from cloud.photos.s3 import S3PhotoStore
from cloud.photos.store import PhotoStore
from tests.fixtures_database import PostgresServer
from tests.support.cloud_program import Cloud
from tests.support.s3_server import S3Server

FIRST, SECOND, THIRD = (f"\xff\xd8 {name}".encode() for name in ("first", "second", "third"))


def sha(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    made = Cloud(tmp_path / "cloud")
    assert made.run("init", "--organisation", "Shop of mine").returncode == 0
    return made


@pytest.fixture
def address(postgres_server: PostgresServer) -> Iterator[str]:
    name = postgres_server.create()
    yield postgres_server.address(name)
    postgres_server.drop(name)


def said_in_one_line(cloud: Cloud, *arguments: str) -> str:
    """What a refused command says."""
    ended = cloud.run(*arguments)
    assert ended.returncode == 2, ended.stdout
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    return line


@pytest.mark.postgres
def test_the_cloud_goes_on_in_postgresql(cloud: Cloud, address: str) -> None:
    assert cloud.run("table", "create", "Table 1").returncode == 0
    moved = cloud.run("move-database", "--to", address)
    assert moved.returncode == 0, moved.stderr
    assert "organisations: 1" in moved.stdout.splitlines()
    assert "moved and verified" in moved.stdout.splitlines()[-1]

    there = Cloud(cloud.folder, {"PACKWITNESS_CLOUD_DATABASE": address})
    assert there.run("init").stdout == '{"exists": true}\n'
    assert there.run("table", "create", "Table 2").returncode == 0
    assert there.run("check").returncode == 0
    with there.serving() as serving:
        assert serving.end() == 0
    assert "not empty" in said_in_one_line(cloud, "move-database", "--to", address)
    assert "only a SQLite" in said_in_one_line(there, "move-database", "--to", address)


@pytest.mark.postgres
def test_a_running_cloud_is_not_moved(cloud: Cloud, address: str) -> None:
    with cloud.serving() as serving:
        assert "stop it first" in said_in_one_line(cloud, "move-database", "--to", address)
        assert serving.end() == 0
    engines = make_engines(address)
    with engines.reader.connect() as connection:
        assert not engines.reader.dialect.has_table(connection, "organisations")
    engines.dispose()


def test_what_cannot_be_moved_is_one_line(cloud: Cloud, tmp_path: Path) -> None:
    nobody = "postgresql+psycopg://nobody@/nothing?host=/nowhere"
    assert "No such file" in said_in_one_line(cloud, "move-database", "--to", nobody)
    for to in ("mysql://somewhere", "no address"):
        assert "database" in said_in_one_line(cloud, "move-database", "--to", to)
    empty = Cloud(tmp_path / "empty")
    assert "there is no database" in said_in_one_line(empty, "move-database", "--to", nobody)
    assert not (tmp_path / "empty" / "packwitness.sqlite3").exists()


def test_photos_are_moved_to_a_bucket_and_back(s3_server: S3Server, cloud: Cloud) -> None:
    bucket = s3_server.make_bucket()
    with_s3 = Cloud(cloud.folder, s3_server.environment(bucket))
    folder, there = (
        LocalPhotoStore(cloud.folder / "photos"),
        S3PhotoStore(s3_server.settings(bucket)),
    )
    for photo in (FIRST, SECOND):
        folder.put(1, sha(photo), photo)

    with cloud.serving() as serving:
        moved = with_s3.run("move-photos", "--to", "bucket")
        assert moved.stdout == "2 photos copied, 0 were there already\n", moved.stderr
        assert serving.end() == 0
    folder.put(2, sha(THIRD), THIRD)
    again = with_s3.run("move-photos", "--to", "bucket")
    assert (again.returncode, again.stdout) == (0, "1 photos copied, 2 were there already\n")
    assert held(there) == held(folder) == {(1, FIRST), (1, SECOND), (2, THIRD)}

    for organisation, photo in held(folder):
        folder.delete(organisation, sha(photo))
    back = with_s3.run("move-photos", "--to", "folder")
    assert (back.returncode, back.stdout) == (0, "3 photos copied, 0 were there already\n")
    assert held(folder) == held(there)


def test_a_damaged_photo_is_named_and_not_copied(s3_server: S3Server, cloud: Cloud) -> None:
    bucket = s3_server.make_bucket()
    with_s3 = Cloud(cloud.folder, s3_server.environment(bucket))
    folder = LocalPhotoStore(cloud.folder / "photos")
    for photo in (FIRST, SECOND):
        folder.put(1, sha(photo), photo)
    (cloud.folder / "photos" / "1" / sha(FIRST)[:2] / sha(FIRST)).write_bytes(b"?")
    moved = with_s3.run("move-photos", "--to", "bucket")
    assert moved.returncode == 1
    assert moved.stdout.splitlines() == [
        f"damaged: photo {sha(FIRST)} of organisation 1, not copied",
        "1 photos copied, 0 were there already, 1 are damaged and were not copied",
    ]
    assert held(S3PhotoStore(s3_server.settings(bucket))) == {(1, SECOND)}


def test_without_a_bucket_no_photos_are_moved(cloud: Cloud) -> None:
    assert "s3.bucket" in said_in_one_line(cloud, "move-photos", "--to", "bucket")


def held(store: PhotoStore) -> set[tuple[int, bytes]]:
    return {
        (organisation, store.read(organisation, photo.key.sha256))
        for organisation in store.organisations()
        for photo in store.listing(organisation)
    }
