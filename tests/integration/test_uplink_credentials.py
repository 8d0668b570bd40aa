"""The credentials file: durable, for its owner alone, clear about what is wrong."""

import json
from pathlib import Path

import pytest

from edge.uplink.credentials import load_credentials, save_credentials
from edge.uplink.errors import CredentialsError, NotEnrolled
from tests.support.uplink_table import credentials
from wire.topics import Address

SECRET = "horse battery staple"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "credentials.json"
    save_credentials(file, credentials(1883, SECRET))
    return file


def test_what_was_saved_is_loaded(path: Path) -> None:
    loaded = load_credentials(path)
    assert loaded == credentials(1883, SECRET)
    assert loaded.address == Address(7, "table-01")


def test_nobody_else_may_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_the_password_is_in_no_repr(path: Path) -> None:
    loaded = load_credentials(path)
    assert SECRET not in f"{loaded!r} {loaded} {[loaded]}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_file_that_others_may_use_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(CredentialsError, match="chmod 600"):
        load_credentials(path)


def test_no_file_means_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match="packwitness-edge enroll"):
        load_credentials(tmp_path / "absent")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"partition": 64}, "partition 64"),
        ({"device_id": "Table/1"}, "device id"),
        ({"broker": {"host": "x", "port": 0}}, "broker.port"),
        ({"password": None}, "password"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_shown(
    path: Path, change: dict[str, object], words: str
) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | change))
    with pytest.raises(CredentialsError, match=words) as raised:
        load_credentials(path)
    assert SECRET not in str(raised.value)
    assert "enrol this table again" in str(raised.value)


def test_a_file_cut_short_is_refused_without_showing_it(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CredentialsError, match="enrol this table again") as raised:
        load_credentials(path)
    assert SECRET not in str(raised.value)


def test_enrolling_again_replaces_the_file(path: Path) -> None:
    path.with_name(path.name + ".tmp").write_text("left by a power cut")
    save_credentials(path, credentials(1884, "other"))
    assert load_credentials(path).broker.port == 1884
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="cannot be written"):
        save_credentials(tmp_path / "absent" / "file", credentials(1883, SECRET))
