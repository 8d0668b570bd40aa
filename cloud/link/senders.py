"""Who publishes: the device behind a topic, looked up in the database and remembered briefly."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cloud.database.scope import Scope, scoped, system
from cloud.database.write import Database
from cloud.fleet.reporting import known_device
from wire.topics import Address

_MOST_REMEMBERED = 20_000
REMEMBERED_S = 5.0
"""Who may not connect any more is refused after this; the broker ends the session at once."""


@dataclass(frozen=True, slots=True)
class Sender:
    """An enrolled device."""

    row_id: int
    organisation_id: int
    table_id: int
    address: Address

    @property
    def device_id(self) -> str:
        """MQTT user name."""
        return self.address.device_id

    @property
    def scope(self) -> Scope:
        """All its writes and reads happen in this scope."""
        return scoped(self.organisation_id)


class Senders:
    """Finds devices by their id."""

    def __init__(
        self, database: Database, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._monotonic_s = monotonic_s
        self._known: dict[str, tuple[float, Sender | None]] = {}
        self._lock = threading.Lock()

    def find(self, device_id: str) -> Sender | None:
        """The device, or None when it is unknown, or may not connect."""
        now_s = self._monotonic_s()
        with self._lock:
            until_s, sender = self._known.get(device_id, (0.0, None))
        if now_s < until_s:
            return sender
        sender = self._read(device_id)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[device_id] = (now_s + REMEMBERED_S, sender)
        return sender

    def _read(self, device_id: str) -> Sender | None:
        with self._database.read(system("who publishes")) as session:
            device = known_device(session, device_id)
        if device is None:
            return None
        return Sender(
            row_id=device.row_id,
            organisation_id=device.organisation_id,
            table_id=device.table_id,
            address=Address(device.partition, device_id),
        )
