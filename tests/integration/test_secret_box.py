"""Secrets at rest: sealed, bound to their row, under a key file that is checked.

Invariant 9.
"""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.database.errors import KeyFileUnusable, SecretDamaged, SecretError, UnknownKey
from cloud.database.secrets import SecretBox

ROW = "authorizations.access_token:17"
TOKEN = b"token of a shop"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "secrets.key"


@pytest.fixture
def box(key_file: Path) -> SecretBox:
    return SecretBox(key_file)


def test_sealed_secret_opens_for_its_row(box: SecretBox) -> None:
    sealed = box.seal(TOKEN, ROW)
    assert TOKEN not in sealed
    assert box.open(sealed, ROW) == TOKEN


def test_same_secret_is_sealed_differently_each_time(box: SecretBox) -> None:
    assert box.seal(TOKEN, ROW) != box.seal(TOKEN, ROW)


def test_secret_does_not_open_for_another_row(box: SecretBox) -> None:
    with pytest.raises(SecretDamaged):
        box.open(box.seal(TOKEN, ROW), "authorizations.access_token:18")


def test_altered_secret_does_not_open(box: SecretBox) -> None:
    sealed = box.seal(TOKEN, ROW)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises((SecretDamaged, UnknownKey)):
            box.open(bytes(altered), ROW)


@pytest.fixture(scope="module")
def lasting_box(tmp_path_factory: pytest.TempPathFactory) -> SecretBox:
    return SecretBox(tmp_path_factory.mktemp("keys") / "secrets.key")


@given(st.binary(max_size=80))
def test_anything_else_does_not_open(lasting_box: SecretBox, sealed: bytes) -> None:
    with pytest.raises(SecretError):
        lasting_box.open(sealed, ROW)


def test_secret_opens_after_a_restart(box: SecretBox, key_file: Path) -> None:
    sealed = box.seal(TOKEN, ROW)
    assert SecretBox(key_file, create=False).open(sealed, ROW) == TOKEN


def test_new_key_seals_and_the_old_one_still_opens(box: SecretBox, key_file: Path) -> None:
    old = box.seal(TOKEN, ROW)
    box.add_key()
    new = box.seal(TOKEN, ROW)
    assert (box.needs_resealing(old), box.needs_resealing(new)) == (True, False)
    for each in (box, SecretBox(key_file)):
        assert (each.open(old, ROW), each.open(new, ROW)) == (TOKEN, TOKEN)
    lines = key_file.read_text().splitlines()
    key_file.write_text(lines[-1] + "\n")
    only_new = SecretBox(key_file)
    assert only_new.open(new, ROW) == TOKEN
    with pytest.raises(UnknownKey, match="not in"):
        only_new.open(old, ROW)


def test_a_key_that_another_process_added_is_found(box: SecretBox, key_file: Path) -> None:
    other = SecretBox(key_file)
    other.add_key()
    sealed = other.seal(b"secret", "shops:1")
    assert box.open(sealed, "shops:1") == b"secret"
    assert not other.needs_resealing(box.seal(b"secret", "shops:1"))


def test_key_file_is_for_its_owner_alone(box: SecretBox, key_file: Path) -> None:
    box.add_key()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


def test_processes_that_start_together_use_one_key(key_file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        boxes = list(pool.map(lambda _: SecretBox(key_file), range(8)))
    sealed = [box.seal(TOKEN, ROW) for box in boxes]
    assert [SecretBox(key_file).open(each, ROW) for each in sealed] == [TOKEN] * 8


def remove(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_text("\n")


def garble(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")


def shorten(file: Path) -> None:
    file.write_text(file.read_text()[:-8])


def open_to_all(file: Path) -> None:
    file.chmod(0o644)


@pytest.mark.parametrize("spoil", [remove, empty, garble, shorten, open_to_all])
def test_spoiled_key_file_is_refused_without_showing_it(
    box: SecretBox, key_file: Path, spoil: Callable[[Path], None]
) -> None:
    key = key_file.read_text().split()[1]
    spoil(key_file)
    with pytest.raises(KeyFileUnusable, match=r"secrets\.key") as caught:
        SecretBox(key_file, create=False)
    assert key[:8] not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_key_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="cannot be written"):
        SecretBox(tmp_path / "nowhere" / "secrets.key")


def test_nothing_shows_a_key(box: SecretBox, key_file: Path) -> None:
    assert key_file.read_text().split()[1] not in repr(box)
    assert repr(box) == "SecretBox(1 keys)"
