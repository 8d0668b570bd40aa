"""The file that a buyer can be given: a document, and the photos of their parcels."""

import json
import logging
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from cloud import metrics
from cloud.photos.errors import PhotoDamaged, PhotoMissing
from cloud.photos.store import PhotoStore
from cloud.privacy.buyer_data import BuyerData, document, file_name

logger = logging.getLogger(__name__)

_IN_MEMORY_BYTES = 8_000_000
_PART_BYTES = 65_536


def buyer_file(
    data: BuyerData, store: PhotoStore, organisation_id: int, made_at: datetime
) -> IO[bytes]:
    """A ZIP, to be read from its beginning. Photos that are lost are left out and logged.

    Raises PhotoStoreError: the store cannot be reached now.
    """
    # Closed by `parts_of`; in a file where it is large.
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
    try:
        with zipfile.ZipFile(file, "w") as packed:
            about = json.dumps(document(data, made_at), ensure_ascii=False, indent=2)
            packed.writestr("buyer.json", about, zipfile.ZIP_DEFLATED)
            for photo in data.kept_photos:
                original = _original(store, organisation_id, photo.sha256)
                if original is not None:
                    packed.writestr(file_name(data, photo), original, zipfile.ZIP_STORED)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def parts_of(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, which is closed at its end."""
    with file:
        while part := file.read(_PART_BYTES):
            yield part


def _original(store: PhotoStore, organisation_id: int, sha256: str) -> bytes | None:
    try:
        return store.read(organisation_id, sha256)
    except (PhotoMissing, PhotoDamaged) as error:
        metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
        logger.error("a photo is lost: %s", error, extra={"photo": sha256})  # noqa: TRY400  the error's text is all there is to say
        return None
