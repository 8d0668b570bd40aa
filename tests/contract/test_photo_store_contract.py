"""What every photo store keeps to. A new store is added to `STORES`."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.photos.errors import PhotoDamaged, PhotoMissing, WrongPhoto
from cloud.photos.local import LocalPhotoStore
from cloud.photos.s3 import S3PhotoStore
from cloud.photos.simulated import SimulatedPhotoStore
from cloud.photos.store import PhotoStore
from tests.support.s3_server import S3Server

PHOTO = b"\xff\xd8" + bytes(range(256)) * 64 + b"\xff\xd9"
SHA = hashlib.sha256(PHOTO).hexdigest()
SECOND = b"\xff\xd8 another picture"
SECOND_SHA = hashlib.sha256(SECOND).hexdigest()


@dataclass
class Case:
    """A store, and ways to meddle with it behind its back."""

    store: PhotoStore
    damage: Callable[[int, str], None]
    add_stranger: Callable[[int], None]
    """Put something there that is no photo."""

    def hashes(self, organisation_id: int) -> list[str]:
        listed = list(self.store.listing(organisation_id))
        assert {one.key.organisation_id for one in listed} <= {organisation_id}
        return [one.key.sha256 for one in listed]


def simulated(_request: pytest.FixtureRequest, _folder: Path) -> Case:
    store = SimulatedPhotoStore()
    return Case(store, store.damage, lambda _organisation: None)


def local(_request: pytest.FixtureRequest, folder: Path) -> Case:
    def damage(organisation_id: int, sha256: str) -> None:
        file = folder / "photos" / str(organisation_id) / sha256[:2] / sha256
        file.write_bytes(file.read_bytes()[:-1])

    def add_stranger(organisation_id: int) -> None:
        shelf = folder / "photos" / str(organisation_id) / "ab"
        shelf.mkdir(parents=True, exist_ok=True)
        (shelf / "README").write_text("hello")

    return Case(LocalPhotoStore(folder / "photos"), damage, add_stranger)


def s3(request: pytest.FixtureRequest, _folder: Path) -> Case:
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.make_bucket()

    def damage(organisation_id: int, sha256: str) -> None:
        server.put_raw(bucket, f"{organisation_id}/{sha256}", b"\xff\xd8 torn")

    def add_stranger(organisation_id: int) -> None:
        server.put_raw(bucket, f"{organisation_id}/README", b"hello")

    return Case(S3PhotoStore(server.settings(bucket)), damage, add_stranger)


STORES = {"simulated": simulated, "local": local, "s3": s3}


@pytest.fixture(params=STORES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return STORES[request.param](request, tmp_path)


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
        assert case.hashes(1) == [SHA]

    def test_bytes_with_another_hash_are_refused_and_not_stored(self, case: Case) -> None:
        with pytest.raises(WrongPhoto):
            case.store.put(1, SHA, PHOTO[:-1])
        assert not case.store.exists_verified(1, SHA)
        assert case.hashes(1) == []

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
        assert case.hashes(1) == [SHA]
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
        assert (case.hashes(1), case.hashes(2)) == ([], [SHA])

    def test_deleted_photo_is_gone_and_may_come_again(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        case.store.put(1, SECOND_SHA, SECOND)
        case.store.delete(1, SHA)
        case.store.delete(1, SHA)
        assert case.hashes(1) == [SECOND_SHA]
        case.store.put(1, SHA, PHOTO)
        assert case.hashes(1) == sorted([SHA, SECOND_SHA])

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

    def test_organisation_without_photos_lists_nothing(self, case: Case) -> None:
        assert case.hashes(7) == []
        assert case.store.organisations() == []

    def test_listing_is_ordered_with_size_and_time(self, case: Case) -> None:
        photos = [b"\xff\xd8" + bytes([number]) * number for number in range(40)]
        for photo in photos:
            case.store.put(1, hashlib.sha256(photo).hexdigest(), photo)
        listed = list(case.store.listing(1))
        assert [one.key.sha256 for one in listed] == sorted(
            hashlib.sha256(photo).hexdigest() for photo in photos
        )
        sizes = {hashlib.sha256(photo).hexdigest(): len(photo) for photo in photos}
        assert {one.key.sha256: one.size_bytes for one in listed} == sizes
        now = datetime.now(UTC)
        assert all(abs(one.written_at - now) < timedelta(minutes=10) for one in listed)

    def test_listing_passes_over_what_is_no_photo(self, case: Case) -> None:
        case.store.put(1, SHA, PHOTO)
        case.add_stranger(1)
        assert case.hashes(1) == [SHA]

    def test_organisations_with_photos_are_known_in_order(self, case: Case) -> None:
        for organisation_id in (10, 9, 2):
            case.store.put(organisation_id, SHA, PHOTO)
        assert case.store.organisations() == [2, 9, 10]

    def test_trial_leaves_nothing_behind(self, case: Case) -> None:
        case.store.check()
        case.store.put(1, SHA, PHOTO)
        case.store.check()
        assert case.store.organisations() == [1]
        assert case.hashes(1) == [SHA]
