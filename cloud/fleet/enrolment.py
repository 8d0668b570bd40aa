"""Enrolment: a claim code becomes a device with credentials of its own."""

import logging
from collections.abc import Callable

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.changes import record_change
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash, new_device_password
from cloud.fleet.service import NewDevice, enrol, new_device_id, table_name
from wire.enrolment import BrokerAddress, EnrolmentAnswer, EnrolmentRequest

__all__ = ["Admit", "BrokerAddress", "Enrolment", "EnrolmentRequest"]

logger = logging.getLogger(__name__)

Admit = Callable[[str, str], None]
"""Makes the broker accept a device (id, password) and proves it by a test connect.

Raises DeviceNotAdmitted when the broker does not take the device in time.
"""


class Enrolment:
    """Enrols devices."""

    def __init__(self, database: Database, broker: BrokerAddress, admit: Admit) -> None:
        self._database = database
        self._broker = broker
        self._admit = admit

    def enrol(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        """Use a claim up.

        Raises:
            ClaimRefused: the code is unknown, used or expired.
            DeviceNotAdmitted: the broker does not take the device; the claim is used up.
            DatabaseError: nothing happened; the same code can be tried again.
        """
        password = new_device_password()
        new = NewDevice(
            device_id=new_device_id(),
            password_hash=broker_hash(password),
            hardware=request.hardware,
            software=request.software,
        )
        now = utc_now()

        def unit(session: Session) -> tuple[int, str]:
            device = enrol(session, request.claim_code.get_secret_value(), new, now)
            record_change(
                session,
                kind="table",
                subject=f"table:{device.table_id}",
                organisation_id=device.organisation_id,
            )
            return device.partition, table_name(session, device.table_id)

        partition, name = self._database.write(unit, system("a device enrols by its claim"))
        self._admit(new.device_id, password)
        logger.info("device enrolled", extra={"device": new.device_id, "table": name})
        return EnrolmentAnswer(
            device_id=new.device_id,
            partition=partition,
            table_name=name,
            password=password,
            broker=self._broker,
        )
