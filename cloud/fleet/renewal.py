"""Renewal: a device asks how it stands, and may change its password."""

import logging
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.throttle import note_failure, too_many_failures
from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.broker_password import broker_hash, is_password
from cloud.fleet.enrolment import BrokerDoor
from cloud.fleet.errors import (
    CredentialsRefused,
    DeviceNotAdmitted,
    TableDisabled,
    TooManyClaims,
)
from cloud.fleet.models import Device, PackingTable
from cloud.fleet.news import tell_broker
from wire.enrolment import BrokerAddress, EnrolmentAnswer, RenewalRequest

__all__ = ["Renewal", "RenewalRequest"]

logger = logging.getLogger(__name__)

_RENEWING = system("a device asks how it stands")
_FAILURES_ALLOWED = 30
"""Per device and quarter of an hour."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a device whose password was right."""

    device_id: str
    organisation_id: int
    table_id: int
    partition: int
    name: str
    known_hash: str
    is_renewed: bool
    """It is the new password that is known here: the answer to an earlier request was lost."""


class Renewal:
    """Answers devices that were enrolled before."""

    def __init__(self, database: Database, broker: BrokerAddress, door: BrokerDoor) -> None:
        self._database = database
        self._broker = broker
        self._door = door

    def renew(self, request: RenewalRequest) -> EnrolmentAnswer:
        """Say what the device needs to know; with a new password from now on, if it brings one.

        Raises:
            CredentialsRefused: unknown, not its password, or revoked.
            TableDisabled: it is let in again later, with the credentials that it has.
            TooManyClaims: too many wrong passwords came for this device.
            DeviceNotAdmitted: the broker does not take the new password; the old one holds.
            DatabaseError: the same request can be repeated.
        """
        now = utc_now()
        with self._database.read(_RENEWING) as session:
            if too_many_failures(session, _key(request.device_id), now, _FAILURES_ALLOWED):
                raise TooManyClaims("too many wrong passwords came; try again in 15 minutes")
        try:
            with self._database.read(_RENEWING) as session:
                found = _found(session, request)
        except CredentialsRefused:
            self._database.write(
                lambda session: note_failure(session, _key(request.device_id), now), _RENEWING
            )
            raise
        new = request.new_password
        if new is not None and not found.is_renewed:
            self._change(found, new.get_secret_value())
        return EnrolmentAnswer(
            device_id=found.device_id,
            partition=found.partition,
            table_name=found.name,
            password=new or request.password,
            broker=self._broker.beginning_at(found.partition),
            organisation=str(found.organisation_id),
        )

    def _change(self, found: _Found, password: str) -> None:
        self._note(found, broker_hash(password))
        try:
            self._door.admit(found.device_id, password)
        except DeviceNotAdmitted:
            logger.warning("the broker does not take a password", extra={"device": found.device_id})
            self._note(found, found.known_hash)
            self._door.expel()
            raise
        logger.info("device has a new password", extra={"device": found.device_id})

    def _note(self, found: _Found, password_hash: str) -> None:
        def unit(session: Session) -> None:
            device = session.scalar(select(Device).where(Device.device_id == found.device_id))
            if device is None or device.revoked_at is not None:
                return
            device.password_hash = password_hash
            tell_broker(session, found.table_id, found.organisation_id)

        self._database.write(unit, _RENEWING)


def _found(session: Session, request: RenewalRequest) -> _Found:
    device = session.scalar(select(Device).where(Device.device_id == request.device_id))
    if device is None:
        raise CredentialsRefused("the cloud does not know this table")
    new = request.new_password
    is_old = is_password(request.password.get_secret_value(), device.password_hash)
    is_new = new is not None and is_password(new.get_secret_value(), device.password_hash)
    if not (is_old or is_new):
        raise CredentialsRefused("this is not the table's password")
    if device.revoked_at is not None:
        raise CredentialsRefused(
            "this device was revoked, or another one took its place: scan a new claim sheet"
        )
    table = session.get_one(PackingTable, device.table_id)
    if table.disabled_at is not None:
        raise TableDisabled("this table is disabled; it goes on by itself once it is enabled")
    return _Found(
        device_id=device.device_id,
        organisation_id=device.organisation_id,
        table_id=device.table_id,
        partition=device.partition,
        name=table.name,
        known_hash=device.password_hash,
        is_renewed=is_new,
    )


def _key(device_id: str) -> str:
    """Not by address: revoked tables that ask on must not shut out the others of their site."""
    return f"renewal:{device_id}"
