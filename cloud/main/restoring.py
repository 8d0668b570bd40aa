"""``packwitness-cloud restored``: what a person types after putting a backup back."""

from datetime import datetime

from sqlalchemy.orm import Session

from cloud.conversations.restored import put_before_person, under_way
from cloud.database.base import utc_now
from cloud.database.restorations import note_restoration
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.mail.queue import close_after_restoring
from cloud.main.errors import BadSettings
from cloud.main.opening import basics
from cloud.main.process import data_folder_locked
from cloud.main.settings import CloudSettings

_BATCH = 200
_SCOPE = system("what was under way in all organisations when the backup was taken")


def restored(settings: CloudSettings, lost_at: datetime | None) -> int:
    """Put what was under way before persons, then let the cloud start; how many there were.

    ``lost_at``: when the cloud that was lost stopped; None for now. Interrupted, or typed twice, it
    goes on where it was. Raises StartError or DatabaseError.
    """
    now = utc_now()
    if lost_at is not None and (lost_at.tzinfo is None or lost_at > now):
        raise BadSettings(
            "--lost-at: a time in the past with its zone, for example 2026-11-22T14:00+08:00"
        )
    with data_folder_locked(settings.data_dir), basics(settings, copies=True) as made:
        count = put_all_before_persons(made.database, now)
        made.database.write(lambda session: close_after_restoring(session, now), _SCOPE)
        made.database.write(lambda session: note_restoration(session, lost_at or now, now), _SCOPE)
        return count


def put_all_before_persons(database: Database, now: datetime) -> int:
    """A few at a time; how many there were."""
    count = last = 0

    def unit(session: Session) -> list[int]:
        found = under_way(session, last, _BATCH)
        for dispatch in found:
            put_before_person(session, dispatch, now)
        return [dispatch.id for dispatch in found]

    while ids := database.write(unit, _SCOPE):
        count, last = count + len(ids), ids[-1]
    return count
