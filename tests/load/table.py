"""One played table: the real one's session, transfer and back-off over a polled connection.

What ``edge.uplink.uplink`` does in a thread of its own is done here in turns, since one thread
serves thousands.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic, monotonic_ns
from typing import Final

from edge.clock import Moment
from edge.events import Event
from edge.uplink.comeback import Comeback
from edge.uplink.credentials import Credentials
from edge.uplink.errors import LinkError, LinkLost
from edge.uplink.mqtt import Endpoint, Login
from edge.uplink.requests import Requests
from edge.uplink.session import Session
from edge.uplink.settings import UplinkSettings
from edge.uplink.surroundings import Surroundings, presence
from edge.uplink.transfer import Transfer
from edge.uplink.waker import Waker
from edge.uplink.ways import Way
from tests.load.load_plan import Act, Planned
from tests.load.polled import PolledConnection
from tests.load.spool import LoadSpool
from wire.messages import Lookup, PresenceState
from wire.topics import Up

_LONGEST_TURN_S: Final = 15.0
"""paho looks at its keepalive at each turn."""
_SHORTEST_TURN_S: Final = 0.001
_NEVER: Final = float("inf")


class WallClock:
    """Follows ``edge.clock.Clock`` by the computer's clock."""

    def now(self) -> Moment:
        return Moment(datetime.now(UTC), monotonic_ns(), "load", synced=True)

    def monotonic_ns(self) -> int:
        return monotonic_ns()


@dataclass(slots=True)
class Heard:
    """What all tables together were told besides receipts, and how they fared."""

    events: Counter[str]
    attempts: list[float]
    """When a connection was tried, monotonic seconds."""
    stood: list[float]
    """When one stood."""


class LoadTable:
    """Owned by one thread. It packs also while there is no connection."""

    def __init__(
        self,
        who: Credentials,
        settings: UplinkSettings,
        spool: LoadSpool,
        *,
        chance: Random,
        heard: Heard,
        nobody: Waker,
    ) -> None:
        """``nobody`` is a closed waker: there is no other thread to wake this one."""
        self._who = who
        self._settings = settings
        self._spool = spool
        self._heard = heard
        self._requests = Requests(nobody)
        self._nobody = nobody
        self._comeback = Comeback(settings, chance.random)
        self._around = Surroundings(
            address=who.address,
            settings=settings,
            spool=spool,
            receipts=spool,
            transfer=Transfer(settings.transfer, chance.random),
            requests=self._requests,
            post=self._post,
            clock=WallClock(),
            health=spool.health,
            hear_time=lambda _wall, _asked_ns, _answered_ns: None,
            boot_count=1,
            control_strikes=Counter(),
            said_codes=set(),
        )
        spool.subscribe(self._requests.read_spool)
        self._connections = 0
        self._connection: PolledConnection | None = None
        self._session: Session | None = None
        self._try_at = _NEVER
        self._ready_at: float | None = None
        self._acts: Iterator[Planned] = iter(())
        self._next_act: Planned | None = None
        self._orders = 0

    # --- what the owner asks --------------------------------------------------------------------

    def connect_at(self, at_s: float) -> None:
        """Try for the first time then."""
        self._try_at = at_s

    def pack(self, acts: Iterator[Planned]) -> None:
        """Follow this plan."""
        self._acts = acts
        self._next_act = next(acts, None)

    def pause(self) -> None:
        """Begin nothing more."""
        self._next_act = None

    @property
    def is_ready(self) -> bool:
        """Connected, as the packer's light means it."""
        return self._ready_at is not None

    @property
    def connection(self) -> PolledConnection | None:
        """For the epoll."""
        return self._connection

    @property
    def due_at(self) -> float:
        """When ``turn`` has something to do if the socket is silent."""
        act_s = self._next_act.at_s if self._next_act else _NEVER
        if self._session is None:
            return min(self._try_at, act_s)
        now = monotonic()
        line_s = max(self._session.next_time(), now + _SHORTEST_TURN_S)
        return min(line_s, act_s, now + _LONGEST_TURN_S)

    # --- turns ----------------------------------------------------------------------------------

    def turn(self) -> None:
        """Do what is due, and what the socket allows."""
        now = monotonic()
        self._act(now)
        if self._session is None and now >= self._try_at:
            self._open()
        if self._session is not None and self._connection is not None:
            try:
                self._converse(self._session, self._connection)
            except LinkError as error:
                self._come_back(error)

    def stop(self) -> None:
        """Go without a farewell; the broker publishes no will."""
        if self._connection is not None:
            self._connection.close(with_will=False)
            self._connection = self._session = None
        self._try_at, self._ready_at, self._next_act = _NEVER, None, None

    def _act(self, now: float) -> None:
        while self._next_act is not None and now >= self._next_act.at_s:
            self._do(self._next_act.act, now)
            self._next_act = next(self._acts, None)

    def _do(self, act: Act, now: float) -> None:
        match act:
            case Act.SCAN:
                self._orders += 1
                code = f"{self._who.device_id}-{self._orders}"
                self._spool.scan(code)
                self._requests.ask(Lookup(code=code, correlation=str(self._orders)), now)
            case Act.PHOTO:
                self._spool.take_photo()
            case Act.SEND:
                self._spool.close()
            case Act.READY:
                pass
        # as each new sign of the light does
        self._requests.report_health()

    def _open(self) -> None:
        self._connections += 1
        self._heard.attempts.append(monotonic())
        connection = PolledConnection(
            self._endpoint(), self._login(), keepalive_s=self._settings.keepalive_s
        )
        try:
            connection.open()
        except LinkError as error:
            self._come_back(error)
            return
        self._connection = connection
        self._session = Session(self._around, connection, self._connections)

    def _converse(self, session: Session, connection: PolledConnection) -> None:
        session.pump()
        while True:
            for event in connection.turn(self._nobody, 0.0):
                session.handle(event)
            if session.ready and self._ready_at is None:
                self._ready_at = monotonic()
                self._heard.stood.append(self._ready_at)
                self._comeback.stands()
            session.pump()
            if not connection.has_events:
                return

    def _come_back(self, error: LinkError) -> None:
        now = monotonic()
        stood_s = None if self._ready_at is None else now - self._ready_at
        if self._connection is not None:
            self._connection.close(with_will=True)
        if self._session is not None:
            # without a reason of the broker, what was under way may be the cause
            self._session.ended(suspicious=isinstance(error, LinkLost) and error.code is None)
        self._connection = self._session = self._ready_at = None
        self._heard.events[f"{type(error).__name__}: {error}"] += 1
        self._try_at = now + self._comeback.after(error, stood_s).wait_s

    def _post(self, event: Event) -> None:
        self._heard.events[type(event).__name__] += 1

    def _endpoint(self) -> Endpoint:
        return Endpoint(Way(self._who.broker.host, self._who.broker.port))

    def _login(self) -> Login:
        address = self._who.address
        return Login(
            device_id=address.device_id,
            password=self._who.password.get_secret_value(),
            will_topic=address.up(Up.PRESENCE),
            will_payload=presence(self._around, PresenceState.OFFLINE, self._connections),
        )
