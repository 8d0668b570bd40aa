"""What tables report of themselves: presence and health."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.changes import record_change
from cloud.database.errors import DatabaseError
from cloud.database.write import Database
from cloud.fleet.news import FLEET_CHANGED, TABLE_TOLD
from cloud.fleet.reporting import note_health, note_presence
from cloud.link.senders import Sender
from wire.messages import Health, Presence, PresenceState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a table said of itself."""

    sender: Sender
    said: Presence | Health


class Reports:
    """Keeps the newest presence and health of each device.

    They are the most frequent messages by far: those that wait are written together.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, reports: Sequence[Report]) -> None:
        """Take births, clean stops, wills and health, in their order.

        What cannot be written is passed over: health comes again within minutes, and a birth with
        the table's next connection. No organisation loses its own for another's.
        """
        organisations = dict.fromkeys(report.sender.organisation_id for report in reports)
        for organisation_id in organisations:
            own = [one for one in reports if one.sender.organisation_id == organisation_id]
            try:
                self._take(own)
            except DatabaseError:
                devices = sorted({one.sender.device_id for one in own})
                logger.exception("what tables report is passed over", extra={"devices": devices})

    def _take(self, reports: Sequence[Report]) -> None:
        """Of one organisation, in one transaction."""
        now = utc_now()
        healths = {one.sender.row_id: one.said for one in reports if isinstance(one.said, Health)}

        def unit(session: Session) -> None:
            told = {one.sender: TABLE_TOLD for one in reports if isinstance(one.said, Health)}
            for one in reports:
                if isinstance(one.said, Presence) and note_presence(
                    session,
                    one.sender.row_id,
                    online=one.said.state is PresenceState.ONLINE,
                    connection=(one.said.boot_count, one.said.connection),
                    software=one.said.software,
                    now=now,
                ):
                    told[one.sender] = FLEET_CHANGED
            note_health(session, healths, now)
            for sender, kind in told.items():
                record_change(session, kind=kind, subject=f"table:{sender.table_id}")

        self._database.write(unit, reports[0].sender.scope)
