"""What every photo store does: photos of an organisation, named by the hash of their bytes."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud.photos.errors import WrongPhoto

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, order=True)
class PhotoKey:
    """A photo's place: its organisation and the SHA-256 of its bytes, in lower-case hex.

    Raises WrongPhoto when made of anything else, so that no name can leave the store's folder.
    """

    organisation_id: int
    sha256: str

    def __post_init__(self) -> None:
        if self.organisation_id < 1 or _SHA256.fullmatch(self.sha256) is None:
            raise WrongPhoto("a photo is named by an organisation and 64 lower-case hex digits")


@dataclass(frozen=True)
class StoredPhoto:
    """A photo as a store lists it: nobody has read its bytes."""

    key: PhotoKey
    size_bytes: int
    written_at: datetime
    """By the store's clock."""


def photo_key(organisation_id: int, name: str) -> PhotoKey | None:
    """The key that a name in a store stands for; None for what is no photo."""
    try:
        return PhotoKey(organisation_id, name)
    except WrongPhoto:
        return None


def require_match(key: PhotoKey, data: bytes) -> None:
    """Raise WrongPhoto unless the bytes have the hash that the key names."""
    if not matches(key, data):
        raise WrongPhoto(f"these {len(data)} bytes do not have the hash {key.sha256}")


def matches(key: PhotoKey, data: bytes) -> bool:
    """Say whether the bytes have the hash that the key names."""
    return hashlib.sha256(data).hexdigest() == key.sha256


class PhotoStore(Protocol):
    """Keeps photos for ever, until `delete`. May be used by several threads and processes.

    Two organisations with the same picture have two photos; neither sees the other's.
    Every method raises WrongPhoto for a malformed hash, StoreUnavailable when the store cannot be
    reached, does not answer in time or its disk fails, and StoreUnusable when it refuses us.
    """

    def check(self) -> None:
        """Write, read and remove a trial object, which is never listed. Raises as `put` does."""

    def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
        """Store a photo; return only once a power cut cannot take it any more.

        A photo that is there already is read and verified first; a damaged one is replaced.
        Raises WrongPhoto when the bytes do not have that hash, and StoreFull. After an error the
        photo may or may not be stored, no other photo is touched, and put may be called again.
        """

    def read(self, organisation_id: int, sha256: str) -> bytes:
        """Return the photo's bytes, verified. Raises PhotoMissing or PhotoDamaged."""

    def exists_verified(self, organisation_id: int, sha256: str) -> bool:
        """Say whether the photo is stored and has its hash; False for a damaged one."""

    def delete(self, organisation_id: int, sha256: str) -> None:
        """Remove a photo for good. Nothing happens when it is not there."""

    def organisations(self) -> list[int]:
        """Those that have photos here, or once had, ascending."""

    def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
        """Yield each photo of an organisation, damaged ones too, ascending by hash.

        Only a part of the list is in memory at a time. What is put or deleted meanwhile may be
        listed or not; what is no photo is passed over. Raises while it is iterated.
        """
