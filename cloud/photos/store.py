"""What every photo store does: photos of an organisation, named by the hash of their bytes."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    reached or its disk fails, and StoreUnusable when it refuses us.
    """

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

    def keys(self, organisation_id: int) -> Iterator[PhotoKey]:
        """Yield the key of each photo of an organisation, damaged ones too, in no order."""
