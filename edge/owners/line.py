"""The table's line to the cloud, also while there is none: enrols, renews, notices revocation.

An ``Uplink`` lives as long as its credentials. One thread makes and replaces it, and does what asks
the cloud over HTTPS; nothing of that is waited for by anybody.
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.enrolling import enrol_table, is_renewal_due, renew_table
from edge.errors import TableError
from edge.events import (
    EnrolmentEnded,
    Event,
    LinkChanged,
    Post,
    Standing,
    StandingChanged,
)
from edge.settings import TableSettings
from edge.settings.handed_on import uplink_settings, with_overrides
from edge.spool.errors import SpoolError
from edge.spool.store import Spool
from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.errors import CredentialsError, CredentialsRefused, UplinkError
from edge.uplink.questions import HearTime
from edge.uplink.queue_view import Receipts
from edge.uplink.uplink import Uplink
from edge.version import software_version
from wire.messages import Health

logger = logging.getLogger(__name__)

_LOOK_S: Final = 5.0
"""How often it is looked whether there are new credentials, or a renewal is due."""
_STOP_UPLINK_S: Final = 3.0
_AGAIN_S: Final = 3600.0
"""After a renewal that did not work."""


@dataclass(frozen=True, slots=True)
class _Enrol:
    server_url: str
    claim_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str
    number: int
    """Of the uplink that it happened to."""


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


@dataclass(frozen=True, slots=True)
class Ends:
    """What every uplink of this table is given."""

    spool: Spool
    receipts: Receipts
    health: Callable[[], Health]
    next_start: Callable[[], int]
    """A number that grows with each uplink."""
    hear_time: HearTime


class CloudLine:
    """What the loop asks of the cloud. All methods but ``stop`` return at once."""

    def __init__(
        self,
        settings: TableSettings,
        credentials: Credentials | None,
        ends: Ends,
        post: Post,
        clock: Clock,
        *,
        look_s: float = _LOOK_S,
    ) -> None:
        """``credentials``: as they are on the disk; None while the table is not enrolled."""
        self._settings = settings
        self._ends = ends
        self._post = post
        self._clock = clock
        self._look_s = look_s
        self._used = credentials
        self._seen = _file_state(self._path)
        self._uplink: Uplink | None = None
        self._number = 0
        """Of uplinks so far: what an earlier one heard counts no more."""
        self._standing = Standing.ENROLLED
        self._renew_at = 0.0
        self._jobs: queue.SimpleQueue[_Enrol | _Refused | _Stop] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cloud-line", daemon=True)

    # --- the loop's side ------------------------------------------------------------------------

    def start(self) -> None:
        """Connect if there are credentials, else say that there are none.

        Raises:
            SpoolError: the spool cannot be made this device's.
        """
        if self._used is None:
            self._stands(Standing.NOT_ENROLLED)
        else:
            self._connect(self._used)
        self._thread.start()

    def stop(self, deadline_s: float) -> bool:
        """Say farewell to the cloud and end; False if that took longer than ``deadline_s``."""
        self._jobs.put(_Stop())
        uplink = self._uplink
        is_over = uplink is None or uplink.stop(deadline_s)
        self._thread.join(deadline_s)
        return is_over and not self._thread.is_alive()

    def alive(self) -> bool:
        """The threads run and turn."""
        uplink = self._uplink
        return self._thread.is_alive() and (uplink is None or uplink.alive())

    def lookup(self, code: str, correlation: str) -> None:
        """Ask about a code, if anybody is there to be asked."""
        if (uplink := self._uplink) is not None:
            uplink.lookup(code, correlation)

    def health_changed(self) -> None:
        """Report the health soon."""
        if (uplink := self._uplink) is not None:
            uplink.health_changed()

    def enrol(self, server_url: str, claim_code: str) -> None:
        """Use a claim code; ``EnrolmentEnded`` follows."""
        self._jobs.put(_Enrol(server_url, claim_code))

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._look_s)
            except queue.Empty:
                self._look()
                continue
            match job:
                case _Stop():
                    return
                case _Enrol():
                    self._enrol(job)
                case _Refused(reason, number) if number == self._number:
                    self._ask_how_we_stand(reason)

    def _enrol(self, job: _Enrol) -> None:
        try:
            who = enrol_table(self._settings, job.server_url, job.claim_code, self._clock)
        except TableError as error:
            logger.warning("the table was not enrolled: %s", error)
            self._post(EnrolmentEnded(ok=False, text=str(error), at_ns=self._now_ns()))
            return
        logger.info("enrolled", extra={"device": who.device_id, "table": who.table_name})
        self._post(EnrolmentEnded(ok=True, text=who.table_name, at_ns=self._now_ns()))
        self._take(who)

    def _look(self) -> None:
        """Take what a command left on the disk, and renew what has served its time."""
        state = _file_state(self._path)
        if state != self._seen:
            self._seen = state
            self._load()
        elif self._used is not None and self._standing is Standing.ENROLLED:
            self._renew_if_due(self._used)

    def _load(self) -> None:
        try:
            who = load_credentials(self._path)
        except CredentialsError as error:
            logger.warning("new credentials cannot be used: %s", error)
            return
        if not self._is_used(who):
            self._take(who)

    def _renew_if_due(self, who: Credentials) -> None:
        now = self._clock.now()
        due = is_renewal_due(who, now, self._settings.enrolment.renew_days)
        if not due or now.monotonic_ns / 1e9 < self._renew_at:
            return
        self._renew_at = now.monotonic_ns / 1e9 + _AGAIN_S
        self._disconnect()  # the broker would end the session, which looks like another's doing
        try:
            who = renew_table(self._settings, self._clock, change_password=True)
        except UplinkError as error:
            logger.warning("the credentials could not be renewed: %s", error)
        else:
            logger.info("credentials renewed", extra={"device": who.device_id})
        self._take(who)

    def _ask_how_we_stand(self, reason: str) -> None:
        """The broker does not take our credentials: perhaps there are newer ones, or none any more.

        An unfinished renewal is finished by this question.
        """
        if self._is_replaced():
            self._load()
            return
        try:
            who = renew_table(self._settings, self._clock, change_password=False)
        except CredentialsRefused as error:
            self._stands(Standing.REVOKED, str(error))
        except UplinkError as error:
            self._stands(Standing.REFUSED, f"{reason}; {error}")
        else:
            if self._is_used(who):
                self._stands(Standing.REFUSED, f"{reason}, although the cloud knows this table")
            else:
                self._take(who)

    def _is_replaced(self) -> bool:
        try:
            return not self._is_used(load_credentials(self._path))
        except CredentialsError:
            return False

    def _is_used(self, who: Credentials) -> bool:
        used = self._used
        return used is not None and (who.device_id, who.password, who.broker) == (
            used.device_id,
            used.password,
            used.broker,
        )

    def _take(self, who: Credentials) -> None:
        """Go on with these credentials."""
        self._seen = _file_state(self._path)
        self._used = who
        self._disconnect()
        try:
            self._connect(who)
        except SpoolError as error:
            logger.error("the table cannot send: %s", error)  # noqa: TRY400  the text says all
            self._stands(Standing.REFUSED, str(error))
        else:
            self._stands(Standing.ENROLLED)

    def _disconnect(self) -> None:
        uplink, self._uplink = self._uplink, None
        if uplink is not None:
            uplink.stop(_STOP_UPLINK_S)

    def _connect(self, who: Credentials) -> None:
        self._ends.spool.hand_over(who.device_id, formerly=who.formerly)
        self._number = number = self._number + 1
        uplink = Uplink(
            with_overrides(who, self._settings),
            uplink_settings(self._settings, software_version()),
            self._ends.spool,
            self._heard,
            self._clock,
            health=self._ends.health,
            receipts=self._ends.receipts,
            boot_count=self._ends.next_start(),
            refused=lambda reason: self._jobs.put(_Refused(reason, number)),
            hear_time=self._ends.hear_time,
        )
        uplink.start()
        self._uplink = uplink

    def _heard(self, event: Event) -> None:
        if isinstance(event, LinkChanged) and event.connected:
            self._standing = Standing.ENROLLED
        self._post(event)

    def _stands(self, standing: Standing, reason: str = "") -> None:
        if standing is not self._standing:
            log = logger.info if standing is Standing.ENROLLED else logger.error
            log("the table is %s%s", standing, f": {reason}" if reason else "")
        self._standing = standing
        self._post(StandingChanged(standing, self._now_ns(), reason))

    @property
    def _path(self) -> Path:
        return self._settings.enrolment.credentials_file

    def _now_ns(self) -> int:
        return self._clock.monotonic_ns()


def _file_state(path: Path) -> tuple[int, int] | None:
    """Changes when another file is put there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
