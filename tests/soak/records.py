"""What tables, the cloud's log and the marketplace have on record, read from the outside.

With SQL and control calls of its own: what judges the programs does not trust their code.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from edge.spool.journal import FILE_NAME
from launcher.looking import KnownPhotos
from sandbox.testing import SandboxControl
from tests.soak.judge import ChatKey, Closed, Logged, Seen
from wire.messages import Manifest

_BUSY_S = 30.0
_UNDER_WAY = ("queued", "sending", "waiting-for-order", "not-confirmed")
_NEWEST = """
    FROM manifest m JOIN proof p USING (proof_id)
    WHERE m.closing = 'send'
      AND m.revision = (SELECT max(revision) FROM manifest WHERE proof_id = m.proof_id)
"""
_CLOSED = f"SELECT p.code, p.proof_id, p.progress, m.raw, m.refused {_NEWEST} ORDER BY m.sequence"
_IDS = f"SELECT p.proof_id {_NEWEST}"
_OF_CODE = f"SELECT 1 {_NEWEST} AND p.code = ? LIMIT 1"
_KEPT = """
    SELECT count(*) FROM photo JOIN proof USING (proof_id)
    WHERE code = ? AND was_found = 0 AND undone = 0 AND fate = 'kept'
"""
_PHOTO_PATHS = "SELECT sha256, path FROM photo"
_LOG = """
    SELECT proof_key, state, reason, sent_count FROM dispatches
    WHERE proof_key IS NOT NULL ORDER BY id
"""


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{file}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as connection:
        yield connection


def is_closed(spool: Path, code: str) -> bool:
    """Whether the table's journal has this order as one to be sent."""
    with _reading(spool / FILE_NAME) as journal:
        return journal.execute(_OF_CODE, (code,)).fetchone() is not None


def kept_photos(spool: Path, code: str) -> int:
    """How many photos a scan of an order brings back that was not closed."""
    with _reading(spool / FILE_NAME) as journal:
        return int(journal.execute(_KEPT, (code,)).fetchone()[0])


def closed_ids(spools: Iterable[Path]) -> set[str]:
    """The proofs that tables have closed with F4."""
    found: set[str] = set()
    for spool in spools:
        with _reading(spool / FILE_NAME) as journal:
            found |= {row[0] for row in journal.execute(_IDS)}
    return found


def closed_at(spool: Path, saved: Iterable[str]) -> list[Closed]:
    """All that a table closed: by its journal, and what its light said was ``saved``."""
    with _reading(spool / FILE_NAME) as journal:
        rows = journal.execute(_CLOSED).fetchall()
    found = [
        Closed(
            code=code,
            proof_id=proof_id,
            photos=tuple(one.sha256 for one in Manifest.from_bytes(raw).photos),
            refused=refused,
            told=told or "",
        )
        for code, proof_id, told, raw, refused in rows
    ]
    forgotten = set(saved) - {one.code for one in found}
    return found + [Closed(code=code, proof_id="", photos=()) for code in sorted(forgotten)]


def photo_files(spools: Iterable[Path]) -> dict[str, Path]:
    """Where tables keep their photos, by SHA-256."""
    found: dict[str, Path] = {}
    for spool in spools:
        with _reading(spool / FILE_NAME) as journal:
            found |= {sha256: spool / path for sha256, path in journal.execute(_PHOTO_PATHS)}
    return found


def read_log(address: str) -> dict[str, Logged]:
    """What the cloud's log says, by proof; of several dispatches the newest."""
    file = address.removeprefix("sqlite:///")
    if file == address:
        with psycopg.connect(address.replace("+psycopg", "", 1)) as log:
            return {key: Logged(*rest) for key, *rest in log.execute(_LOG)}
    with _reading(Path(file)) as sqlite_log:
        return {key: Logged(*rest) for key, *rest in sqlite_log.execute(_LOG)}


def ended_ids(log: dict[str, Logged]) -> set[str]:
    """The proofs with which nothing more happens by itself."""
    return {key for key, one in log.items() if one.state not in _UNDER_WAY}


def read_chats(
    control: SandboxControl, keys: Iterable[ChatKey], photos: Mapping[ChatKey, Mapping[str, Path]]
) -> tuple[dict[ChatKey, Seen], int]:
    """What buyers see, and how many messages are in chats beside these.

    ``photos``: of the orders that each chat is about; all others are seen by their picture's hash.
    """
    chats, read = {}, 0
    for key in keys:
        messages = control.chat(*key)["messages"]
        read += sum(one["by"] == "shop" for one in messages)
        chats[key] = _seen(control, messages, photos.get(key, {}))
    return chats, sum(control.counts()["from_shop"].values()) - read


def _seen(
    control: SandboxControl, messages: list[dict[str, Any]], photos: Mapping[str, Path]
) -> Seen:
    ours = [one for one in messages if one["by"] == "shop"]
    images = [one["image"] for one in ours if one["image"] is not None]
    known = KnownPhotos({name: path.read_bytes() for name, path in photos.items()})
    shown = [known.seen_in(control.picture(one["path"])) or (one["sha256"],) for one in images]
    return Seen(
        texts=tuple(str(one["text"]) for one in ours if one["message_type"] == "text"),
        photos=tuple(name for names in shown for name in names),
        others=sum(one["message_type"] not in {"text", "image"} for one in ours),
    )
