"""What tables report of themselves: presence and health."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.changes import record_change
from cloud.database.write import Database
from cloud.fleet.service import note_health, note_presence
from cloud.link.senders import Sender
from wire.messages import Health, Presence, PresenceState


class Reports:
    """Keeps the newest presence and health of each device."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def presence(self, sender: Sender, presence: Presence) -> None:
        """Take a birth, a clean stop or a will."""
        now = utc_now()

        def note(session: Session) -> bool:
            return note_presence(
                session,
                sender.row_id,
                online=presence.state is PresenceState.ONLINE,
                connection=(presence.boot_count, presence.connection),
                software=presence.software,
                now=now,
            )

        self._note(sender, note)

    def health(self, sender: Sender, health: Health) -> None:
        """Keep a health message."""
        text = health.model_dump_json(exclude_none=True)
        now = utc_now()
        self._note(sender, lambda session: note_health(session, sender.row_id, text, now))

    def _note(self, sender: Sender, note: Callable[[Session], bool]) -> None:
        def unit(session: Session) -> None:
            if note(session):
                record_change(session, kind="table", subject=f"table:{sender.table_id}")

        self._database.write(unit, sender.scope)
