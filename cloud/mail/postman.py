"""The thread that sends what is due."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from cloud.database.errors import SecretError, TransientDatabaseError
from cloud.database.insisting import write_insisting
from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.database.sessions import Unit
from cloud.database.write import Database
from cloud.mail.errors import (
    MailLapsed,
    MailNotNow,
    MailOutcomeUnknown,
    MailRefused,
    MailServerAway,
)
from cloud.mail.models import MailState
from cloud.mail.posting import bound_to
from cloud.mail.queue import Taken, begin_handing_over, end, is_any_due, put_back, take
from cloud.mail.smtp import Carrier, Written
from cloud.threads import Threads

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0
_AFTER_TROUBLE_S = 30.0
_SCOPE = system("mails of all organisations are sent")


class Writer(Protocol):
    """Finds the words of mails."""

    def __call__(self, kind: str, language: str, facts: Mapping[str, str]) -> Written:
        """The words of a mail. Raises KeyError for a kind, or a fact, that there is not."""


class Postman:
    """Sends mails one after the other, in a thread of its own. Several processes may have one."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        carrier: Carrier,
        write: Writer,
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._database = database
        self._box = box
        self._carrier = carrier
        self._write = write
        self._stopping = threading.Event()
        self._threads = Threads({"mail": self._run}, on_death)

    def start(self) -> None:
        """Begin with what is due."""
        self._threads.start()

    def stop(self) -> None:
        """End after the mail in hand."""
        self._stopping.set()
        self._threads.join(30)

    def send_due(self) -> bool:
        """Send what is due; False: the server is away, or the program ends. Raises DatabaseError"""
        while not self._stopping.is_set():
            with self._database.read(_SCOPE) as session:
                if not is_any_due(session):
                    return True
            taken = self._database.write(take, _SCOPE)
            if taken is not None and not self._send(taken):
                return False
        return False

    def _send(self, taken: Taken) -> bool:
        extra = {"mail": taken.id, "kind": taken.kind, "attempt": taken.attempt}
        try:
            self._carrier.carry(taken, self._words(taken), lambda: self._hand_over(taken))
        except MailNotNow as error:
            reason = str(error)
            self._note(lambda session: put_back(session, taken, reason))
            # The server's own words may hold an address; they are with the row.
            logger.warning("a mail was not taken, and is tried again", extra=extra)
            return not isinstance(error, MailServerAway)
        except MailRefused as error:
            self._end(taken, MailState.FAILED, str(error))
            logger.warning("a mail was refused for good", extra=extra)
        except MailOutcomeUnknown as error:
            self._end(taken, MailState.UNKNOWN, str(error))
            logger.warning("a mail may or may not have been taken; it is not repeated", extra=extra)
        except MailLapsed:
            logger.warning("a mail was taken over by another process", extra=extra)
        else:
            self._end(taken, MailState.SENT, "")
            logger.info("a mail was sent", extra=extra)
        return True

    def _words(self, taken: Taken) -> Written:
        try:
            facts = json.loads(self._box.open(taken.sealed_facts, bound_to(taken.key)))
            return self._write(taken.kind, taken.language, facts)
        except (SecretError, KeyError) as error:
            raise MailRefused(f"its text cannot be written: {type(error).__name__}") from None

    def _hand_over(self, taken: Taken) -> None:
        if not self._database.write(lambda session: begin_handing_over(session, taken), _SCOPE):
            raise MailLapsed

    def _end(self, taken: Taken, state: MailState, reason: str) -> None:
        self._note(lambda session: end(session, taken, state, reason))

    def _note(self, unit: Unit[None]) -> None:
        write_insisting(self._database, unit, _SCOPE)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(_LOOK_EVERY_S if self._look() else _AFTER_TROUBLE_S)

    def _look(self) -> bool:
        try:
            return self.send_due()
        except TransientDatabaseError as error:
            logger.warning("mails cannot be sent now: %s", error)
            return False
