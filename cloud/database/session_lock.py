"""A lock of PostgreSQL that lasts as long as one connection: who holds it has not ended.

The server lets go of it when the connection's session ends: at once when its process dies, and
within some ten seconds when its machine or the way to it does (TCP keepalives, on both sides).
"""

import logging
import threading
from collections.abc import Callable

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cloud.database.errors import ConnectionLost, DatabaseBusy
from cloud.database.write import Database

PING_EVERY_S = 1.0
# The holder gives up a server that does not answer for this long; the server likewise.
_SILENCE_MS = 10_000
_OUR_SIDE = make_conninfo(
    application_name="packwitness sender",
    connect_timeout=10,
    keepalives=1,
    keepalives_idle=3,
    keepalives_interval=2,
    keepalives_count=3,
    tcp_user_timeout=_SILENCE_MS,
)
_SERVER_SIDE = (
    "SET tcp_keepalives_idle = 3",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
    f"SET tcp_user_timeout = {_SILENCE_MS}",
    "SET idle_session_timeout = 0",
)

logger = logging.getLogger(__name__)


class SessionLock:
    """One lock, taken once. ``on_lost`` is called, in its thread, when the connection has broken.

    It is never taken again: after ``on_lost`` others may have seen it free, so that the process
    must end. Needs a connection to the server itself; one that a pooler hands out by transaction
    would lose the lock unnoticed.
    """

    def __init__(
        self, database: Database, key: int, on_lost: Callable[[BaseException], None]
    ) -> None:
        url = database.engines.writer.url.set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._key = key
        self._on_lost = on_lost
        self._closing = threading.Event()
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._thread = threading.Thread(target=self._watch, name="session-lock", daemon=True)

    def take(self) -> None:
        """Take it and begin to watch the connection.

        Raises:
            ConnectionLost: the server cannot be reached.
            DatabaseBusy: somebody else has the lock.
        """
        try:
            address = make_conninfo(self._address, **conninfo_to_dict(_OUR_SIDE))
            connection = psycopg.connect(address, autocommit=True)
            for statement in _SERVER_SIDE:
                connection.execute(statement.encode())
            taken = connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        except psycopg.Error as error:
            raise ConnectionLost("the lock of this process cannot be taken") from error
        if taken != (True,):
            connection.close()
            raise DatabaseBusy("the lock of this process is held by another")
        self._connection = connection
        self._thread.start()

    def let_go(self) -> None:
        """End the connection, and with it the lock."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _watch(self) -> None:
        try:
            while not self._closing.wait(PING_EVERY_S):
                if self._connection is not None:
                    self._connection.execute("SELECT 1")
        except BaseException as error:  # noqa: BLE001  whatever ended the watch must be known
            self._on_lost(error)


def is_free(session: Session, key: int) -> bool:
    """Whether no session holds the lock; to others it looks held until this transaction ends."""
    return bool(session.scalars(select(func.pg_try_advisory_xact_lock(key))).one())
