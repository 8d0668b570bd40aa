"""Writing what is known nowhere else, such as the answer to a request that cannot be repeated."""

import logging
import threading

from cloud.database.errors import TransientDatabaseError
from cloud.database.scope import Scope
from cloud.database.sessions import T, Unit
from cloud.database.write import Database

PAUSES_S = (0.1, 0.5, 1.0, 2.0, 4.0)

logger = logging.getLogger(__name__)


def write_insisting(database: Database, unit: Unit[T], scope: Scope, *, locks: bool = False) -> T:
    """`Database.write`, tried again over some seconds while the trouble may pass.

    The unit must also be safe to run again after it was committed (CommitUnknown). Raises what
    `Database.write` raised last.
    """
    for pause_s in PAUSES_S:
        try:
            return database.write(unit, scope, locks=locks)
        except TransientDatabaseError as error:
            logger.warning("a result cannot be written yet: %s", error)
        threading.Event().wait(pause_s)
    return database.write(unit, scope, locks=locks)
