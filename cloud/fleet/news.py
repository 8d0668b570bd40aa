"""What pages and the broker hear of: the kinds of changes that the fleet makes."""

from sqlalchemy.orm import Session

from cloud.database.changes import record_change
from cloud.fleet.models import Device, PackingTable

FLEET_CHANGED = "fleet"
"""Which tables there are, how they are called, or which of them are connected."""
TABLE_TOLD = "table"
"""A table said how it is, which each does every minute."""
USERS_CHANGED = "broker-users"
"""Tells the process of the embedded broker to read its users anew; lost users are put out."""


def tell_fleet(session: Session, table: PackingTable) -> None:
    """Pages show the table anew, and the list that it stands in."""
    _tell(session, FLEET_CHANGED, table.id, table.organisation_id)


def tell_enrolled(session: Session, device: Device) -> None:
    """The same for the table of a device."""
    _tell(session, FLEET_CHANGED, device.table_id, device.organisation_id)


def tell_broker(session: Session, table_id: int, organisation_id: int) -> None:
    """Who may connect has changed."""
    _tell(session, USERS_CHANGED, table_id, organisation_id)


def _tell(session: Session, kind: str, table_id: int, organisation_id: int) -> None:
    record_change(session, kind=kind, subject=f"table:{table_id}", organisation_id=organisation_id)
