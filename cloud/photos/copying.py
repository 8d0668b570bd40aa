"""Copies photos from one store to another, also while both are in use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloud.photos.errors import PhotoDamaged, PhotoMissing
from cloud.photos.store import PhotoKey, PhotoStore, StoredPhoto


@dataclass(slots=True)
class Copied:
    """What came of it, in photos; their sum is how many were listed."""

    copied: int = 0
    present: int = 0
    """Were there already, with the same size."""
    damaged: int = 0
    """Cannot be copied: the source has other bytes under their name."""
    gone: int = 0
    """Were deleted between listing and reading."""


def copy_photos(
    source: PhotoStore,
    target: PhotoStore,
    *,
    on_damaged: Callable[[PhotoKey], None],
    on_step: Callable[[Copied], None],
) -> Copied:
    """Copy each photo that the target lacks; verified when read and by the target's `put`.

    Nothing is deleted on either side. What is put into the source meanwhile may be copied or not:
    call it again. Also after an error of one of the stores (PhotoStoreError, but PhotoDamaged and
    PhotoMissing): what was copied is not copied again. What the target has with the same size is
    not read, so that another run takes only as long as listing.
    """
    done = Copied()
    for organisation_id in source.organisations():
        for photo, is_present in _compared(source, target, organisation_id):
            if is_present:
                done.present += 1
            else:
                _copy(source, target, photo.key, done, on_damaged)
            on_step(done)
    return done


def _compared(
    source: PhotoStore, target: PhotoStore, organisation_id: int
) -> Iterator[tuple[StoredPhoto, bool]]:
    """Each photo of the source, and whether the target has it; both list in the same order."""
    there = target.listing(organisation_id)
    other = next(there, None)
    for photo in source.listing(organisation_id):
        while other is not None and other.key < photo.key:
            other = next(there, None)
        same = other is not None and (other.key, other.size_bytes) == (photo.key, photo.size_bytes)
        yield photo, same


def _copy(
    source: PhotoStore,
    target: PhotoStore,
    key: PhotoKey,
    done: Copied,
    on_damaged: Callable[[PhotoKey], None],
) -> None:
    try:
        data = source.read(key.organisation_id, key.sha256)
    except PhotoMissing:
        done.gone += 1
    except PhotoDamaged:
        done.damaged += 1
        on_damaged(key)
    else:
        target.put(key.organisation_id, key.sha256, data)
        done.copied += 1
