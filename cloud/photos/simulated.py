"""A photo store in memory, for tests and demonstrations, which can be told to fail."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from cloud.photos.errors import PhotoDamaged, PhotoMissing, PhotoStoreError
from cloud.photos.store import PhotoKey, StoredPhoto, matches, require_match


class SimulatedPhotoStore:
    """Keeps photos in memory. `fail_next` and `damage` make it misbehave as real stores do."""

    def __init__(self) -> None:
        self._photos: dict[PhotoKey, bytes] = {}
        self._written_at: dict[PhotoKey, datetime] = {}
        self._failures: list[PhotoStoreError] = []
        self._lock = threading.Lock()

    def fail_next(self, *errors: PhotoStoreError) -> None:
        """Make the next calls raise these errors, one each, and do nothing else."""
        with self._lock:
            self._failures.extend(errors)

    def damage(self, organisation_id: int, sha256: str) -> None:
        """Lose the last byte of a stored photo. Raises PhotoMissing."""
        with self._lock:
            key = PhotoKey(organisation_id, sha256)
            self._photos[key] = self._found(key)[:-1]

    def check(self) -> None:
        """See `PhotoStore.check`."""
        with self._lock:
            self._maybe_fail()

    def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
        """See `PhotoStore.put`."""
        key = PhotoKey(organisation_id, sha256)
        require_match(key, data)
        with self._lock:
            self._maybe_fail()
            if self._photos.get(key) != data:
                self._photos[key] = bytes(data)
                self._written_at[key] = datetime.now(UTC)

    def read(self, organisation_id: int, sha256: str) -> bytes:
        """See `PhotoStore.read`."""
        key = PhotoKey(organisation_id, sha256)
        with self._lock:
            self._maybe_fail()
            data = self._found(key)
        if not matches(key, data):
            raise PhotoDamaged(f"the stored photo {sha256} is damaged")
        return data

    def exists_verified(self, organisation_id: int, sha256: str) -> bool:
        """See `PhotoStore.exists_verified`."""
        key = PhotoKey(organisation_id, sha256)
        with self._lock:
            self._maybe_fail()
            return key in self._photos and matches(key, self._photos[key])

    def delete(self, organisation_id: int, sha256: str) -> None:
        """See `PhotoStore.delete`."""
        key = PhotoKey(organisation_id, sha256)
        with self._lock:
            self._maybe_fail()
            self._photos.pop(key, None)

    def organisations(self) -> list[int]:
        """See `PhotoStore.organisations`."""
        with self._lock:
            self._maybe_fail()
            return sorted({key.organisation_id for key in self._photos})

    def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
        """See `PhotoStore.listing`."""
        with self._lock:
            self._maybe_fail()
            found = sorted(key for key in self._photos if key.organisation_id == organisation_id)
            listed = [
                StoredPhoto(key, len(self._photos[key]), self._written_at[key]) for key in found
            ]
        yield from listed

    def _maybe_fail(self) -> None:
        if self._failures:
            raise self._failures.pop(0)

    def _found(self, key: PhotoKey) -> bytes:
        if key not in self._photos:
            raise PhotoMissing(f"no photo {key.sha256} of organisation {key.organisation_id}")
        return self._photos[key]
