"""The embedded mosquitto, of this process or as the role `broker`, and who may connect to it."""

import logging
import threading

from cloud.broker.configuration import Listener, Outside
from cloud.broker.mosquitto import Mosquitto
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.news import USERS_CHANGED
from cloud.fleet.service import broker_users
from cloud.main.broker_access import BrokerAccess
from cloud.main.broker_settings import BrokerSettings
from cloud.main.parts import Parts
from cloud.threads import Threads

logger = logging.getLogger(__name__)

_LOOK_AGAIN_S = 2.0
"""For what a command beside `serve` wrote to SQLite: that wakes nobody here."""
_STOP_S = 30.0
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


class BrokerUsers:
    """Keeps the users of an embedded broker those of the database, by the database's news.

    A device that is revoked or disabled, on a page or by a command, is put out within seconds.
    """

    def __init__(self, made: Parts, broker: Mosquitto) -> None:
        self._broker = broker
        self._feed = made.feed
        self._position = 0
        self._stopping = threading.Event()
        self._threads = Threads({"broker-users": self._run}, made.on_death)

    def start(self) -> None:
        """Read the users anew, and follow from there."""
        self._position = self._feed.position()
        self._threads.start()

    def stop(self) -> None:
        """End. Close the change feed first."""
        self._stopping.set()
        self._threads.join(_STOP_S)

    def _run(self) -> None:
        # What changed between the broker's start and the position above.
        while not self._reloaded() and not self._stopping.is_set():
            self._stopping.wait(_AFTER_ERROR_S)
        while not self._stopping.is_set():
            self._follow()

    def _follow(self) -> None:
        try:
            changes = self._feed.next(self._position, None, _BATCH, _LOOK_AGAIN_S)
        except DatabaseError as error:
            logger.warning("the broker cannot hear who may connect: %s", error)
            self._stopping.wait(_AFTER_ERROR_S)
            return
        is_news = any(change.kind == USERS_CHANGED for change in changes)
        if is_news and not self._reloaded():
            self._stopping.wait(_AFTER_ERROR_S)
        elif changes:
            self._position = changes[-1].id

    def _reloaded(self) -> bool:
        try:
            self._broker.reload_users()
        except (DatabaseError, OSError) as error:
            logger.warning("the broker's users cannot be read now: %s", error)
            return False
        return True


class BrokerService:
    """The embedded broker in a process of its own."""

    def __init__(self, made: Parts, access: BrokerAccess) -> None:
        self._broker = embedded_broker(made, access)
        self._users = BrokerUsers(made, self._broker)

    def start(self) -> None:
        """Start mosquitto, then follow. Raises BrokerError."""
        self._broker.start()
        self._users.start()

    def stop(self) -> None:
        """End both. Close the change feed first."""
        self._users.stop()
        self._broker.stop()
