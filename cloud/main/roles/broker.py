"""The role `broker`: runs the embedded mosquitto, for links of this or of other processes."""

import logging
import threading

from cloud.broker.configuration import Listener, Outside
from cloud.broker.mosquitto import Mosquitto
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.enrolment import USERS_CHANGED
from cloud.fleet.service import broker_users
from cloud.main.broker_access import BrokerAccess
from cloud.main.broker_settings import BrokerSettings
from cloud.main.parts import Parts

logger = logging.getLogger(__name__)

_WAIT_S = 30.0
_AFTER_ERROR_S = 1.0
_BATCH = 200


def embedded_broker(made: Parts, access: BrokerAccess) -> Mosquitto:
    """The broker, with the devices of the database and the cloud itself as its users."""
    own = (access.settings.username, broker_hash(access.password))
    database = made.database

    def users() -> list[tuple[str, str]]:
        with database.read(system("who may connect to the broker")) as session:
            return [own, *broker_users(session)]

    settings = access.settings
    return Mosquitto(
        made.settings.data_dir / "broker",
        host=settings.host,
        port=settings.port,
        users=users,
        for_cloud=Listener(settings.cloud_host, settings.cloud_port) if access.shared else None,
        outside=_outside(settings),
    )


def _outside(settings: BrokerSettings) -> Outside | None:
    if settings.certificate_file is None or settings.key_file is None:
        return None
    ports = ((settings.tls_port, False), (settings.websockets_port, True))
    listeners = tuple(
        Listener(settings.outside_host, port, websockets=is_web) for port, is_web in ports if port
    )
    # mosquitto reads them from its own folder's configuration: names must hold everywhere
    return Outside(listeners, settings.certificate_file.absolute(), settings.key_file.absolute())


class BrokerService:
    """The embedded broker in a process of its own: it learns of devices by the database's news."""

    def __init__(self, made: Parts, access: BrokerAccess) -> None:
        self._broker = embedded_broker(made, access)
        self._feed = made.feed
        self._on_death = made.on_death
        self._position = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-users", daemon=True)

    def start(self) -> None:
        """Start mosquitto, then follow. Raises BrokerError."""
        # From here on, for what is older is read at the start.
        self._position = self._feed.position()
        self._broker.start()
        self._thread.start()

    def stop(self) -> None:
        """End both. Close the change feed first."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_WAIT_S)
        self._broker.stop()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._follow()
        except BaseException as error:  # noqa: BLE001  whatever ended the thread must be known
            self._on_death(error)

    def _follow(self) -> None:
        try:
            changes = self._feed.next(self._position, None, _BATCH, _WAIT_S)
            if any(change.kind == USERS_CHANGED for change in changes):
                self._broker.reload_users()
        except (DatabaseError, OSError) as error:
            logger.warning("the broker's users cannot be read now: %s", error)
            self._stopping.wait(_AFTER_ERROR_S)
            return
        if changes:
            self._position = changes[-1].id
