"""`packwitness-cloud backup`, and a cloud that is started from what it made (issue 3)."""

import hashlib
import json
import shutil
import sqlite3
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from cloud.database.errors import SnapshotFailed
from cloud.database.snapshot import snapshot
from cloud.main import backup
from cloud.main.progress import Progress
from cloud.main.settings import CloudSettings
from edge.uplink.enrolment import enroll
from tests.fixtures_database import PostgresServer
from tests.support.cloud_program import Cloud
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from wire.messages import PhotoResult, ProofResult
from wire.topics import Address

PROOFS = 30


def proof_key(number: int) -> str:
    return hashlib.sha256(b"proof %d" % number).hexdigest()[:32]


def enrolled(cloud: Cloud) -> tuple[Address, str]:
    made = json.loads(cloud.run("table", "create", "Table 1").stdout)
    given = enroll(cloud.url, made["claim_code"], hardware="test")
    return Address(given.partition, given.device_id), given.password.get_secret_value()


def connected(cloud: Cloud, who: tuple[Address, str]) -> LinkTable:
    return LinkTable(("127.0.0.1", cloud.broker_port), *who)


def pack(table: LinkTable, number: int) -> None:
    """As a table does: each part is receipted before the next."""
    photo = jpeg(number)
    table.send_photo(photo)
    assert table.wait_photo(sha_of(photo)).result is PhotoResult.RECEIPTED
    table.send_manifest(manifest(proof_key(number), [photo]))
    assert table.wait_proof(proof_key(number)).result is ProofResult.RECEIPTED


def known(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / "packwitness.sqlite3")
    rows = connection.execute("SELECT proof_key FROM accepted_manifests").fetchall()
    connection.close()
    return {key for (key,) in rows}


def test_a_backup_taken_while_proofs_come_in_lacks_no_photo(tmp_path: Path) -> None:
    """Whatever a table has no receipt for is offered again, and taken in as if it were new."""
    cloud, place = Cloud(tmp_path / "cloud"), tmp_path / "backup"
    with cloud.serving() as serving:
        who = enrolled(cloud)
        with connected(cloud, who) as table:
            pack(table, 0)
            packed, enough = threading.Event(), threading.Event()

            def pack_all() -> None:
                for number in range(1, PROOFS):
                    pack(table, number)
                    packed.set()
                enough.set()

            packer = threading.Thread(target=pack_all)
            packer.start()
            packed.wait(30)
            made = cloud.run("backup", str(place))
            assert made.returncode == 0, made.stderr
            packer.join(120)
            assert enough.is_set()
        assert serving.end() == 0

    restored = Cloud(tmp_path / "restored")
    shutil.copytree(place, restored.folder)
    assert restored.run("restored").returncode == 0
    assert {proof_key(0), proof_key(1)} <= known(restored.folder) <= known(cloud.folder)
    checked = restored.run("check")
    assert checked.returncode == 0, checked.stdout
    with restored.serving() as serving:
        with connected(restored, who) as table:
            for number in range(PROOFS):
                pack(table, number)
        assert serving.end() == 0
    assert known(restored.folder) == known(cloud.folder)
    assert restored.run("check").returncode == 0


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    made = Cloud(tmp_path / "cloud")
    assert made.run("init").returncode == 0
    return made


def test_an_older_backup_goes_on(cloud: Cloud, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    for name in ("Table 1", "Table 2"):
        assert cloud.run("table", "create", name).returncode == 0
        made = cloud.run("backup", str(place))
        assert made.returncode == 0, made.stderr
    restored = Cloud(place)
    assert "packwitness-cloud restored" in restored.run("init").stderr
    assert restored.run("restored").returncode == 0
    assert json.loads(restored.run("init").stdout) == {"exists": True}
    connection = sqlite3.connect(place / "packwitness.sqlite3")
    assert connection.execute("SELECT count(*) FROM packing_tables").fetchone() == (2,)
    connection.close()
    assert not list(place.rglob("*.new"))


def test_it_is_for_its_owner_alone(cloud: Cloud, tmp_path: Path) -> None:
    """It holds the key beside what it seals."""
    place = tmp_path / "backup"
    assert cloud.run("backup", str(place)).returncode == 0
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    key = place / "keys" / "sealing.key"
    assert key.read_bytes() == (cloud.folder / "keys" / "sealing.key").read_bytes()
    for file in (key, place / "packwitness.sqlite3"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def refusal(cloud: Cloud, folder: Path) -> str:
    made = cloud.run("backup", str(folder))
    assert made.returncode == 2
    [line] = made.stderr.splitlines()
    return line


def test_what_cannot_be_backed_up_is_one_line(cloud: Cloud, tmp_path: Path) -> None:
    assert "is the data folder itself" in refusal(cloud, cloud.folder)
    elsewhere = Cloud(cloud.folder, {"PACKWITNESS_CLOUD_DATABASE": "postgresql+psycopg://u@h/n"})
    assert "pg_dump" in refusal(elsewhere, tmp_path / "backup")
    assert "there is no database" in refusal(Cloud(tmp_path / "none"), tmp_path / "backup")
    with cloud.serving() as serving:
        other = Cloud(tmp_path / "other")
        assert other.run("init").returncode == 0
        assert "stop it first" in refusal(other, cloud.folder)
        assert serving.end() == 0


class Interrupted(BaseException):
    """The person pressed Ctrl-C."""


def test_an_interrupted_backup_leaves_the_older_one(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows would name photos that are not there yet."""
    place = tmp_path / "backup"
    assert cloud.run("backup", str(place)).returncode == 0
    before = (place / "packwitness.sqlite3").read_bytes()
    assert cloud.run("table", "create", "Table 1").returncode == 0

    def stop(*_arguments: object, **_more: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(backup, "copy_photos", stop)
        with pytest.raises(Interrupted):
            backup.back_up(CloudSettings(data_dir=cloud.folder), place, print, Progress(print))
    assert (place / "packwitness.sqlite3").read_bytes() == before
    assert cloud.run("backup", str(place)).returncode == 0
    assert (place / "packwitness.sqlite3").read_bytes() != before


def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    """Better the older backup than a newer one that nobody can read."""
    source, target = tmp_path / "source.sqlite", tmp_path / "target.sqlite"
    connection = sqlite3.connect(source)
    connection.execute("CREATE TABLE t (a)")
    connection.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
    connection.commit()
    connection.close()
    damaged = bytearray(source.read_bytes())
    damaged[3 * 4096 : 4 * 4096] = b"\xa5" * 4096
    source.write_bytes(damaged)
    with pytest.raises(SnapshotFailed, match="is damaged"):
        snapshot(source, target)
    assert not target.exists()


@pytest.mark.postgres
def test_a_dump_without_changes_is_restored_into_another_server(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """As for-it.md says. Numbers of changes mean nothing to another server, so they stay out."""
    file = tmp_path / "dump"
    first, second = (postgres_server.create() for _ in range(2))
    old, new = (
        Cloud(tmp_path / "cloud", {"PACKWITNESS_CLOUD_DATABASE": postgres_server.address(name)})
        for name in (first, second)
    )
    assert old.run("init").returncode == 0
    assert old.run("table", "create", "Table 1").returncode == 0
    server = f"host={postgres_server.folder} user=packwitness dbname="
    dump = ["pg_dump", "--format=custom", "--exclude-table-data=changes", f"--file={file}"]
    subprocess.run([*dump, f"--dbname={server}{first}"], check=True)
    restore = ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction"]
    subprocess.run([*restore, f"--dbname={server}{second}", str(file)], check=True)
    postgres_server.drop(first)
    assert json.loads(new.run("init").stdout) == {"exists": True}
    assert new.run("check").returncode == 0
    with new.serving() as serving:
        enrolled(new)
        assert serving.end() == 0
    postgres_server.drop(second)
