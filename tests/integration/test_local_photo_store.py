"""The local photo store against a failing disk and a power cut: order of calls, and each failing.

Invariant 4: a receipt is sent only after the photo is durable.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.photos.errors import (
    PhotoStoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
    TransientPhotoStoreError,
)
from cloud.photos.local import LocalPhotoStore
from cloud.photos.simulated import SimulatedPhotoStore

PHOTO = b"\xff\xd8" + os.urandom(300_000)
SHA = hashlib.sha256(PHOTO).hexdigest()
EARLIER = b"\xff\xd8 an earlier picture"
EARLIER_SHA = hashlib.sha256(EARLIER).hexdigest()


class Disk:
    """Records the calls that change the disk, and makes the one with a given number fail."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.calls: list[str] = []
        self.failing: tuple[int, int] | None = None
        self.failing_call: str | None = None
        for name in ("open", "write", "fsync", "replace", "unlink", "mkdir", "close"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        monkeypatch.setattr(os, "fdopen", lambda handle, _mode: Writing(handle))

    def _wrapped(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            described = f"{name} {self._place(args[0])}"
            if not self._ours(args[0]):
                return real(*args, **kwargs)
            self.calls.append(described)
            # A descriptor is closed even when close() reports an error.
            result = real(*args, **kwargs) if name == "close" else None
            if described == self.failing_call:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            if self.failing is not None and len(self.calls) == self.failing[0]:
                raise OSError(self.failing[1], os.strerror(self.failing[1]))
            return result if name == "close" else real(*args, **kwargs)

        return call

    def _path(self, target: object) -> Path:
        if isinstance(target, int):
            return Path(f"/proc/self/fd/{target}").readlink()
        return Path(str(target))

    def _ours(self, target: object) -> bool:
        try:
            return self._path(target).is_relative_to(self.root.parent.parent)
        except OSError:
            return False

    def _place(self, target: object) -> str:
        """Say what kind of thing a path is: temporary, photo or a folder by its depth."""
        try:
            path = self._path(target)
        except OSError:
            return "elsewhere"
        if not path.is_relative_to(self.root):
            return "above"
        parts = path.relative_to(self.root).parts
        if parts[:1] == ("incoming",):
            return "temporary" if len(parts) > 1 else "incoming"
        return ("root", "organisation", "shelf", "photo")[len(parts)]


class Writing:
    """A file object whose every call goes through `os`, so that it can fail."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def write(self, data: bytes) -> None:
        os.write(self._handle, data)

    def flush(self) -> None: ...

    def fileno(self) -> int:
        return self._handle


@pytest.fixture
def store(tmp_path: Path) -> LocalPhotoStore:
    store = LocalPhotoStore(tmp_path / "photos")
    store.put(1, EARLIER_SHA, EARLIER)
    return store


@pytest.fixture
def disk(store: LocalPhotoStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path / "photos", monkeypatch)


def lasting(disk: Disk) -> list[str]:
    return [call for call in disk.calls if call.split()[0] not in ("open", "close")]


def test_order_of_calls_survives_a_power_cut_at_any_of_them(
    store: LocalPhotoStore, disk: Disk
) -> None:
    """Each new folder is flushed into its parent; the bytes before the name, the name last."""
    store.put(2, SHA, PHOTO)
    assert lasting(disk) == [
        "mkdir organisation",
        "fsync root",
        "mkdir shelf",
        "fsync organisation",
        "write temporary",
        "fsync temporary",
        "replace temporary",
        "fsync shelf",
    ]


def test_photo_that_is_there_is_flushed_before_it_counts(
    store: LocalPhotoStore, disk: Disk
) -> None:
    """Another writer may have been killed between its rename and its flush."""
    store.put(1, EARLIER_SHA, EARLIER)
    assert lasting(disk) == ["fsync photo", "fsync shelf"]


def test_damaged_photo_is_written_anew(store: LocalPhotoStore, disk: Disk, tmp_path: Path) -> None:
    file = tmp_path / "photos" / "1" / EARLIER_SHA[:2] / EARLIER_SHA
    file.write_bytes(EARLIER[:-1])
    disk.calls.clear()
    store.put(1, EARLIER_SHA, EARLIER)
    assert lasting(disk)[-3:] == ["fsync temporary", "replace temporary", "fsync shelf"]
    assert store.read(1, EARLIER_SHA) == EARLIER


def test_first_start_flushes_every_folder_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path / "deep" / "photos", monkeypatch)
    LocalPhotoStore(tmp_path / "deep" / "photos")
    assert lasting(disk) == [
        "mkdir above",
        "fsync above",
        "mkdir root",
        "fsync above",
        "mkdir incoming",
        "fsync root",
    ]


@pytest.mark.parametrize("folder", ["root", "organisation"])
def test_folder_whose_flush_failed_is_flushed_by_the_next_put(
    store: LocalPhotoStore, disk: Disk, folder: str
) -> None:
    """The folder is there then, but a power cut would take it with the photos in it."""
    disk.failing_call = f"fsync {folder}"
    with pytest.raises(StoreUnavailable):
        store.put(2, SHA, PHOTO)
    disk.failing_call = None
    disk.calls.clear()
    store.put(2, SHA, PHOTO)
    assert f"fsync {folder}" in disk.calls


def test_restarted_process_flushes_the_folders_it_finds(
    store: LocalPhotoStore, disk: Disk, tmp_path: Path
) -> None:
    again = LocalPhotoStore(tmp_path / "photos")
    disk.calls.clear()
    again.put(1, EARLIER_SHA, EARLIER)
    flushes = [call for call in disk.calls if call.startswith("fsync")]
    assert flushes == ["fsync root", "fsync organisation", "fsync photo", "fsync shelf"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_every_call_that_fails_is_told_and_harms_no_other_photo(
    store: LocalPhotoStore, disk: Disk, code: int
) -> None:
    expected = {errno.ENOSPC: StoreFull, errno.EIO: StoreUnavailable, errno.EROFS: StoreUnusable}
    failures: list[type[PhotoStoreError]] = []
    for number in range(1, 40):
        disk.calls.clear()
        disk.failing = (number, code)
        organisation_id = 100 + number
        try:
            store.put(organisation_id, SHA, PHOTO)
        except PhotoStoreError as error:
            failures.append(type(error))
        reached = len(disk.calls) >= number
        disk.failing = None
        # Whatever failed: nothing half-written is seen, the earlier photo is whole.
        listed = list(store.listing(organisation_id))
        assert listed == [] or store.read(organisation_id, SHA) == PHOTO
        assert store.read(1, EARLIER_SHA) == EARLIER
        store.put(organisation_id, SHA, PHOTO)
        assert store.read(organisation_id, SHA) == PHOTO
        if not reached:
            break
    else:
        pytest.fail("more calls than expected")
    # Each call failed once; none of them was ignored.
    assert failures == [expected[code]] * (number - 1)


def test_failed_put_leaves_no_temporary_file(
    store: LocalPhotoStore, disk: Disk, tmp_path: Path
) -> None:
    store.put(1, SHA, PHOTO)
    store.delete(1, SHA)
    disk.calls.clear()
    store.put(1, SHA, PHOTO)
    write = disk.calls.index("write temporary") + 1
    store.delete(1, SHA)
    disk.calls.clear()
    disk.failing = (write, errno.ENOSPC)
    with pytest.raises(StoreFull):
        store.put(1, SHA, PHOTO)
    assert list((tmp_path / "photos" / "incoming").iterdir()) == []


def test_leftovers_of_a_crash_are_removed_at_start(store: LocalPhotoStore, tmp_path: Path) -> None:
    leftover = tmp_path / "photos" / "incoming" / "tmpabc"
    leftover.write_bytes(PHOTO[:1000])
    again = LocalPhotoStore(tmp_path / "photos")
    assert not leftover.exists()
    assert again.read(1, EARLIER_SHA) == EARLIER


def test_photos_are_for_their_owner_alone(store: LocalPhotoStore, tmp_path: Path) -> None:
    for path in (tmp_path / "photos").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_root_that_is_a_file_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(StoreUnusable):
        LocalPhotoStore(file)


def test_simulated_store_fails_when_told_and_stores_nothing() -> None:
    store = SimulatedPhotoStore()
    store.fail_next(StoreFull("told to"), StoreUnavailable("told to"))
    for _ in range(2):
        with pytest.raises(TransientPhotoStoreError):
            store.put(1, SHA, PHOTO)
    assert not store.exists_verified(1, SHA)
    store.put(1, SHA, PHOTO)
    assert store.read(1, SHA) == PHOTO
