"""What the picture of a message is made of: which photos, which part of each, and which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.database.prepared import Reading
from cloud.dispatcher.chat_pictures.reading import Area
from cloud.dispatcher.chat_pictures.strip import moment
from cloud.dispatcher.settings import PictureSettings
from cloud.fleet.models import PackingTable
from cloud.proofs.models import Proof, ProofPhoto
from cloud.shops.models import Shop

_PARTS_OF_SIDE = 10_000
_PHOTOS = Reading(
    select(
        ProofPhoto.sha256,
        ProofPhoto.taken_at,
        ProofPhoto.clock_synced,
        ProofPhoto.area_left,
        ProofPhoto.area_top,
        ProofPhoto.area_width,
        ProofPhoto.area_height,
    )
    .join(Proof, Proof.id == ProofPhoto.proof_id)
    .join(Dispatch, Dispatch.proof_id == Proof.id)
    .where(Dispatch.id == bindparam("dispatch_id"))
)
# A proof captured with a browser has none.
_TABLE_NAME = Reading(
    select(PackingTable.name)
    .join(Proof, Proof.table_id == PackingTable.id)
    .join(Dispatch, Dispatch.proof_id == Proof.id)
    .where(Dispatch.id == bindparam("dispatch_id"))
)
_SHOP = Reading(
    select(Shop.picture_side_px, Shop.picture_strip).where(Shop.id == bindparam("shop_id"))
)


class _Photo(NamedTuple):
    """A row of _PHOTOS."""

    sha256: str
    taken_at: datetime
    clock_synced: bool
    area_left: int | None
    area_top: int | None
    area_width: int | None
    area_height: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo that a picture shows."""

    sha256: str
    area: Area | None


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """A picture to be made."""

    shown: tuple[Shown, ...]
    side_px: int | None
    """At most; None: as the marketplace allows."""
    words: tuple[str, ...]
    """Of its strip; empty: it has none."""


class Pictures:
    """The pictures of one dispatch; read once for all of its messages."""

    def __init__(
        self, session: Session, *, dispatch_id: int, shop_id: int, settings: PictureSettings
    ) -> None:
        side_px, strip = _SHOP.one(session, shop_id=shop_id)
        self._side_px = settings.side_px if side_px is None else side_px
        self._has_strip = settings.strip if strip is None else strip
        self._zone = settings.zone
        rows = _PHOTOS.all(session, dispatch_id=dispatch_id)
        self._photos: Mapping[str, _Photo] = {row[0]: _Photo._make(row) for row in rows}
        table = _TABLE_NAME.first(session, dispatch_id=dispatch_id) if self._has_strip else None
        self._table_name = "" if table is None else str(table[0])

    def of(self, sha256s: Sequence[str], order_number: str) -> PictureFacts:
        """The picture that shows these photos."""
        known = [self._photos[sha256] for sha256 in sha256s if sha256 in self._photos]
        return PictureFacts(
            shown=tuple(Shown(sha256, _area(self._photos.get(sha256))) for sha256 in sha256s),
            side_px=self._side_px,
            words=self._words(known, order_number) if self._has_strip else (),
        )

    def _words(self, photos: Sequence[_Photo], order_number: str) -> tuple[str, ...]:
        """Without a time where a table's clock was not set: it would be a wrong one."""
        is_timed = all(photo.clock_synced for photo in photos)
        taken = moment([photo.taken_at for photo in photos], self._zone) if is_timed else ""
        return (order_number, taken, self._table_name)


def _area(photo: _Photo | None) -> Area | None:
    if photo is None or photo.area_left is None:
        return None
    return Area(
        photo.area_left / _PARTS_OF_SIDE,
        (photo.area_top or 0) / _PARTS_OF_SIDE,
        (photo.area_width or 0) / _PARTS_OF_SIDE,
        (photo.area_height or 0) / _PARTS_OF_SIDE,
    )
