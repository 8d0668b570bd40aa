"""The thread that owns the line to the cloud: connects, turns the session, comes back."""

import logging
import random
import select
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from edge.clock import Clock
from edge.events import LinkTrouble, Post
from edge.uplink import reasons
from edge.uplink.comeback import Comeback
from edge.uplink.credentials import Credentials
from edge.uplink.errors import LinkError, LinkLost, LinkRefused
from edge.uplink.mqtt import Connection, Endpoint, Login
from edge.uplink.proxy import Proxy
from edge.uplink.questions import HearTime
from edge.uplink.queue_view import Queue, Receipts
from edge.uplink.requests import Requests
from edge.uplink.session import Session
from edge.uplink.settings import UplinkSettings
from edge.uplink.surroundings import Surroundings, presence
from edge.uplink.transfer import Transfer
from edge.uplink.waker import Waker
from edge.uplink.ways import Turns, ways_to
from wire.messages import Health, Lookup, PresenceState
from wire.topics import Up

_logger = logging.getLogger(__name__)

_LONGEST_TURN_S: Final = 5.0
_STALLED_S: Final = 120.0
"""Longer than a name look-up and a connect with two addresses may block."""
_FAREWELL_S: Final = 2.0

_NOT_OUR_PACKETS: Final = frozenset({0x87, 0x8A, 0x8B, 0x8D, reasons.TAKEN_OVER, 0x98, 0x9C, 0x9D})
"""Reasons for a DISCONNECT that cannot be the fault of what was under way."""

_random: Final = random.SystemRandom().random


class Uplink:
    """Reads the spool and drives the connection in a thread of its own.

    Everything it learns goes out by ``post`` (LinkChanged, AdviceCame, ProgressCame) and
    ``receipts``. All methods may be called from any thread.
    """

    def __init__(
        self,
        credentials: Credentials,
        settings: UplinkSettings,
        spool: Queue,
        post: Post,
        clock: Clock,
        *,
        health: Callable[[], Health],
        receipts: Receipts,
        boot_count: int,
        refused: Callable[[str], None] = lambda _reason: None,
        hear_time: HearTime = lambda _wall, _asked_ns, _answered_ns: None,
        draw: Callable[[], float] = _random,
    ) -> None:
        """``boot_count`` counts daemon starts. From the uplink's thread, ``health`` is called, and
        ``refused`` each time that the broker does not take the credentials, and ``hear_time`` with
        the cloud's time.
        """
        self._credentials = credentials
        self._settings = settings
        self._refused = refused
        self._clock = clock
        ways = ways_to(credentials.broker)
        self._turns = Turns(ways)
        self._comeback = Comeback(settings, draw, addresses=len(ways))
        self._waker = Waker()
        self._requests = Requests(self._waker)
        self._around = Surroundings(
            address=credentials.address,
            settings=settings,
            spool=spool,
            receipts=receipts,
            transfer=Transfer(settings.transfer, draw),
            requests=self._requests,
            post=post,
            clock=clock,
            health=health,
            boot_count=boot_count,
            hear_time=hear_time,
            control_strikes=Counter(),
            said_codes=set(),
        )
        self._connections = 0
        self._ready_at: float | None = None
        self._turned_at = self._now()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        spool.subscribe(self._requests.read_spool)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, deadline_s: float) -> bool:
        """Say farewell to the cloud and end; False if that took longer than ``deadline_s``."""
        self._requests.stop()
        self._thread.join(deadline_s)
        return not self._thread.is_alive()

    def alive(self) -> bool:
        """The thread runs and turns. False is a reason to end the process."""
        return self._thread.is_alive() and self._now() - self._turned_at < _STALLED_S

    def lookup(self, code: str, correlation: str) -> None:
        """Ask the cloud about a scanned code; AdviceCame follows when and if it answers."""
        self._requests.ask(Lookup(code=code, correlation=correlation), self._now())

    def health_changed(self) -> None:
        """Report the health soon instead of at the next interval."""
        self._requests.report_health()

    def wake(self) -> None:
        """Read the spool again; needed only for what no commit announced, as a released hold."""
        self._requests.read_spool()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._requests.stopping:
            self._ready_at = None
            try:
                self._one_connection()
            except LinkError as error:
                self._come_back(error)
        self._waker.close()

    def _come_back(self, error: LinkError) -> None:
        """Say once what is wrong, and rest."""
        stood_s = None if self._ready_at is None else self._now() - self._ready_at
        rest = self._comeback.after(error, stood_s)
        if rest.news is not None:
            _logger.warning("no connection: %s", rest.news, extra={"connection": self._connections})
            self._around.post(LinkTrouble(rest.news, self._clock.monotonic_ns()))
        if isinstance(error, LinkRefused) and error.code in reasons.NOT_THIS_PASSWORD:
            self._refused(str(error))
        self._rest(rest.wait_s)

    def _one_connection(self) -> None:
        self._connections += 1
        connection = Connection(
            self._endpoint(),
            self._login(),
            keepalive_s=self._settings.keepalive_s,
            timeout_s=self._settings.connect_timeout_s,
        )
        connection.open()
        session = Session(self._around, connection, self._connections)
        suspicious = clean = False
        try:
            self._turn_until_stopped(connection, session)
            clean = True
        except LinkLost as lost:
            suspicious = lost.code not in _NOT_OUR_PACKETS
            raise
        finally:
            self._note_ready(session)
            connection.close(with_will=not clean)
            session.ended(suspicious=suspicious)

    def _turn_until_stopped(self, connection: Connection, session: Session) -> None:
        while not self._requests.stopping:
            self._turn(connection, session)
        session.farewell()
        until = self._now() + _FAREWELL_S
        while not session.stopped and self._now() < until:
            self._turn(connection, session)

    def _turn(self, connection: Connection, session: Session) -> None:
        session.pump()
        self._turned_at = now = self._now()
        wait = min(_LONGEST_TURN_S, max(0.0, session.next_time() - now))
        for event in connection.turn(self._waker, wait):
            session.handle(event)
        self._note_ready(session)

    def _note_ready(self, session: Session) -> None:
        if session.ready and self._ready_at is None:
            self._ready_at = self._now()
            self._turns.worked()
            if self._comeback.stands():
                _logger.info("connected", extra={"connection": self._connections})

    def _rest(self, seconds: float) -> None:
        until = self._now() + seconds
        while not self._requests.stopping and (left := until - self._now()) > 0:
            self._turned_at = self._now()
            if select.select([self._waker], [], [], min(left, _LONGEST_TURN_S))[0]:
                self._waker.clear()

    def _endpoint(self) -> Endpoint:
        """Of this connection: after each end comes the next way."""
        settings = self._settings
        return Endpoint(
            way=self._turns.next(),
            ca_file=settings.ca_file,
            proxy=Proxy.read(settings.proxy_url, settings.proxy_credentials_file)
            if settings.proxy_url
            else None,
        )

    def _login(self) -> Login:
        address = self._around.address
        return Login(
            device_id=address.device_id,
            password=self._credentials.password.get_secret_value(),
            will_topic=address.up(Up.PRESENCE),
            will_payload=presence(self._around, PresenceState.OFFLINE, self._connections),
        )

    def _now(self) -> float:
        return self._clock.monotonic_ns() / 1e9
