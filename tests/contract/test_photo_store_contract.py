"""What every photo store keeps to. A new store is added to `STORES`."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.photos.errors import PhotoDamaged, PhotoMissing, WrongPhoto
from cloud.photos.local import LocalPhotoStore
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import PhotoKey, PhotoStore

PHOTO = b"\xff\xd8" + bytes(range(256)) * 64 + b"\xff\xd9"
SHA = hashlib.sha256(PHOTO).hexdigest()
SECOND = b"\xff\xd8 another picture"
SECOND_SHA = hashlib.sha256(SECOND).hexdigest()


@dataclass
class Case:
    """A store, and a way to spoil a photo behind its back."""

    store: PhotoStore
    damage: Callable[[int, str], None]


def simulated(_folder: Path) -> Case:
    store = SimulatedPhotoStore()
    return Case(store, store.damage)


def local(folder: Path) -> Case:
    def damage(organisation_id: int, sha256: str) -> None:
        file = folder / "photos" / str(organisation_id) / sha256[:2] / sha256
        file.write_bytes(file.read_bytes()[:-1])

    return Case(LocalPhotoStore(folder / "photos"), damage)


STORES = {"simulated": simulated, "local": local}


@pytest.fixture(params=STORES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return STORES[request.param](tmp_path)


class TestPhotoStoreContract:
    """Run against every store."""

    def test_photo_is_read_back(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        assert case.store.read(1, SHA) == PHOTO
        assert case.store.exists_verified(1, SHA)

    def test_putting_again_changes_nothing(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        case.store.put(1, SHA, PHOTO)
        assert case.store.read(1, SHA) == PHOTO
        assert list(case.store.keys(1)) == [PhotoKey(1, SHA)]

    def test_bytes_with_another_hash_are_refused_and_not_stored(self, case: Case) -> None:
        with pytest.raises(WrongPhoto):
            case.store.put(1, SHA, PHOTO[:-1])
        assert not case.store.exists_verified(1, SHA)
        assert list(case.store.keys(1)) == []

    def test_wrong_bytes_do_not_spoil_what_is_there(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        with pytest.raises(WrongPhoto):
            case.store.put(1, SHA, SECOND)
        assert case.store.read(1, SHA) == PHOTO

    def test_missing_photo_is_called_missing(self, case: Case) -> None:
        assert not case.store.exists_verified(1, SHA)
        with pytest.raises(PhotoMissing):
            case.store.read(1, SHA)

    def test_damaged_photo_is_never_given_out(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        case.damage(1, SHA)
        assert not case.store.exists_verified(1, SHA)
        assert list(case.store.keys(1)) == [PhotoKey(1, SHA)]
        with pytest.raises(PhotoDamaged):
            case.store.read(1, SHA)

    def test_putting_again_repairs_a_damaged_photo(self, case: Case) -> None:
        """Invariant 4: "already there" counts only with a verified size and hash."""
        case.store.put(1, SHA, PHOTO)
        case.damage(1, SHA)
        case.store.put(1, SHA, PHOTO)
        assert case.store.read(1, SHA) == PHOTO

    def test_same_picture_of_two_organisations_is_two_photos(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        assert not case.store.exists_verified(2, SHA)
        with pytest.raises(PhotoMissing):
            case.store.read(2, SHA)
        case.store.put(2, SHA, PHOTO)
        case.store.delete(1, SHA)
        assert not case.store.exists_verified(1, SHA)
        assert case.store.read(2, SHA) == PHOTO
        assert (list(case.store.keys(1)), list(case.store.keys(2))) == ([], [PhotoKey(2, SHA)])

    def test_deleted_photo_is_gone_and_may_come_again(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        case.store.put(1, SECOND_SHA, SECOND)
        case.store.delete(1, SHA)
        case.store.delete(1, SHA)
        assert list(case.store.keys(1)) == [PhotoKey(1, SECOND_SHA)]
        case.store.put(1, SHA, PHOTO)
        assert sorted(case.store.keys(1)) == sorted([PhotoKey(1, SHA), PhotoKey(1, SECOND_SHA)])

    @pytest.mark.parametrize(
        "sha256", ["", "../../../etc/passwd", SHA.upper(), SHA[:-1], SHA + "0", SHA[:-1] + "\n"]
    )
    def test_anything_but_a_hash_is_refused(self, case: Case, sha256: str) -> None:
        calls: list[Callable[[], object]] = [
            lambda: case.store.put(1, sha256, PHOTO),
            lambda: case.store.read(1, sha256),
            lambda: case.store.exists_verified(1, sha256),
            lambda: case.store.delete(1, sha256),
        ]
        for call in calls:
            with pytest.raises(WrongPhoto):
                call()

    def test_threads_that_put_the_same_photo_all_succeed(self, case: Case) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: case.store.put(1, SHA, PHOTO), range(32)))
        assert case.store.read(1, SHA) == PHOTO

    def test_organisation_without_photos_has_no_keys(self, case: Case) -> None:
        assert list(case.store.keys(7)) == []
