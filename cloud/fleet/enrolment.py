"""Enrolment: a claim code becomes a device with credentials of its own."""

import logging
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from cloud.accounts.throttle import note_failure, too_many_failures
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash, new_device_password
from cloud.fleet.errors import ClaimRefused, DeviceNotAdmitted, TooManyClaims
from cloud.fleet.news import tell_broker, tell_enrolled
from cloud.fleet.service import (
    NewDevice,
    add_device,
    enrolled_device,
    give_claim_back,
    new_device_id,
    replace_others,
    table_name,
)
from wire.enrolment import BrokerAddress, EnrolmentAnswer, EnrolmentRequest

__all__ = ["BrokerAddress", "BrokerDoor", "Enrolment", "EnrolmentRequest"]

logger = logging.getLogger(__name__)

_FAILURES_ALLOWED = 30
"""Refused claims per caller and quarter of an hour: many tables may stand behind one address."""
_ENROLLING = system("a device enrols by its claim")


class BrokerDoor(Protocol):
    """Who may connect to the broker."""

    def admit(self, device_id: str, password: str) -> None:
        """Make the broker accept a device of the database, and prove it by a test connect.

        Raises:
            DeviceNotAdmitted: the broker does not take the device in time.
        """

    def expel(self) -> None:
        """End the sessions of devices that may not connect any more; never raises."""


class Enrolment:
    """Enrols devices: the earlier device of a table stays until the broker takes the new one."""

    def __init__(self, database: Database, broker: BrokerAddress, door: BrokerDoor) -> None:
        self._database = database
        self._broker = broker
        self._door = door

    def enrol(self, request: EnrolmentRequest, caller: str) -> EnrolmentAnswer:
        """Use a claim up. ``caller`` is the network address of who asks.

        Raises:
            ClaimRefused: the code is unknown, used or expired.
            TooManyClaims: this caller came with too many codes that were refused.
            DeviceNotAdmitted: the broker does not take the device; the code can be tried again.
            DatabaseError: the code can be tried again, unless it says that it is used.
        """
        now = utc_now()
        self._refuse_guessing(caller, now)
        password = new_device_password()
        new = NewDevice(
            device_id=new_device_id(),
            password_hash=broker_hash(password),
            hardware=request.hardware,
            software=request.software,
        )
        try:
            partition, name, owner = self._add(request.claim_code.get_secret_value(), new, now)
        except ClaimRefused:
            self._database.write(
                lambda session: note_failure(session, _key(caller), now), _ENROLLING
            )
            raise
        self._admit(new.device_id, password)
        self._replace_others(new.device_id, now)
        logger.info("device enrolled", extra={"device": new.device_id, "table": name})
        return EnrolmentAnswer(
            device_id=new.device_id,
            partition=partition,
            table_name=name,
            password=password,
            # tables of a cluster begin at all of its nodes alike
            broker=self._broker.beginning_at(partition),
            organisation=str(owner),
        )

    def _refuse_guessing(self, caller: str, now: datetime) -> None:
        with self._database.read(_ENROLLING) as session:
            if too_many_failures(session, _key(caller), now, _FAILURES_ALLOWED):
                raise TooManyClaims("too many claim codes were refused; try again in 15 minutes")

    def _add(self, claim_code: str, new: NewDevice, now: datetime) -> tuple[int, str, int]:
        def unit(session: Session) -> tuple[int, str, int]:
            device = add_device(session, claim_code, new, now)
            tell_broker(session, device.table_id, device.organisation_id)
            name = table_name(session, device.table_id)
            return device.partition, name, device.organisation_id

        return self._database.write(unit, _ENROLLING)

    def _admit(self, device_id: str, password: str) -> None:
        try:
            self._door.admit(device_id, password)
        except DeviceNotAdmitted:
            logger.warning("the broker does not take a device", extra={"device": device_id})
            self._database.write(lambda session: give_claim_back(session, device_id), _ENROLLING)
            self._door.expel()
            raise

    def _replace_others(self, device_id: str, now: datetime) -> None:
        def unit(session: Session) -> None:
            device = enrolled_device(session, device_id)
            if device is not None:
                replace_others(session, device, now)
                tell_enrolled(session, device)
                tell_broker(session, device.table_id, device.organisation_id)

        self._database.write(unit, _ENROLLING)
        self._door.expel()


def _key(caller: str) -> str:
    return f"claim:{caller}"
