"""Lets newly enrolled devices into the broker, and those that were replaced out of it."""

import logging
import threading
import time
from itertools import count

from cloud.broker.mosquitto import Mosquitto
from cloud.database.errors import DatabaseError
from cloud.fleet.errors import DeviceNotAdmitted
from cloud.link.mqtt import can_connect
from cloud.link.settings import LinkSettings

logger = logging.getLogger(__name__)

_ADMIT_WITHIN_S = 10.0
_TRY_S = 2.0
_PAUSE_S = 0.05
"""The broker reads its users anew within milliseconds."""


class BrokerAdmission:
    """Follows ``BrokerDoor`` with the embedded broker, or with one that reads our users itself."""

    def __init__(self, link: LinkSettings, broker: Mosquitto | None) -> None:
        self._link = link
        self._broker = broker

    def admit(self, device_id: str, password: str) -> None:
        """See ``BrokerDoor.admit``."""
        self._reload()
        pause = threading.Event()
        end_s = time.monotonic() + _ADMIT_WITHIN_S
        for number in count():
            if can_connect(self._link.at_node(number), device_id, password, _TRY_S):
                return
            if time.monotonic() >= end_s:
                raise DeviceNotAdmitted("the broker does not accept the table now; try again")
            pause.wait(_PAUSE_S)

    def expel(self) -> None:
        """See ``BrokerDoor.expel``."""
        try:
            self._reload()
        except DeviceNotAdmitted:
            logger.exception("a device that was replaced may still be connected")

    def _reload(self) -> None:
        if self._broker is None:
            return
        try:
            self._broker.reload_users()
        except (DatabaseError, OSError) as error:
            raise DeviceNotAdmitted(
                "the broker's users cannot be written now; try again"
            ) from error
