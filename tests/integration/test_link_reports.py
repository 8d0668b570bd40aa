"""What tables report and ask, and what they are told: presence, health, advice, progress."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.conversations.models import Dispatch
from cloud.conversations.outbox import set_state
from cloud.conversations.states import DispatchState as State
from cloud.database.errors import ConnectionLost
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.dispatcher.advice import Advised
from cloud.fleet.models import Device
from cloud.link.reports import Report, Reports
from cloud.link.senders import Sender, Senders
from tests.support.link_table import LinkTable, jpeg, manifest, sha_of
from tests.support.mosquitto import Mosquitto
from tests.support.running_link import LinkSide, add_device, link_side
from tests.support.waiting import eventually
from wire.messages import (
    AdviceKind,
    DispatchState,
    Health,
    Lookup,
    Presence,
    PresenceState,
)
from wire.topics import Up

DATA = jpeg(1)
PROOF = "1" * 32


@pytest.fixture
def side(mosquitto: Mosquitto, database: Database) -> Iterator[LinkSide]:
    with link_side(mosquitto, database) as side:
        yield side


# --- presence and health --------------------------------------------------------------------------


def presence(state: PresenceState, boot: int, connection: int) -> Presence:
    return Presence(state=state, boot_count=boot, connection=connection)


ON, OFF, STOP = PresenceState.ONLINE, PresenceState.OFFLINE, PresenceState.STOPPED


@pytest.mark.parametrize(
    ("said", "online", "session"),
    [
        ([(ON, 1, 1)], True, (1, 1)),
        ([(ON, 1, 1), (OFF, 1, 1)], False, (1, 1)),
        ([(ON, 1, 1), (STOP, 1, 1)], False, (1, 1)),
        ([(ON, 1, 1), (ON, 1, 2), (OFF, 1, 1)], True, (1, 2)),  # the will of the line before
        ([(ON, 2, 1), (OFF, 1, 9)], True, (2, 1)),  # the will of the start before
        ([(ON, 2, 1), (ON, 1, 9)], True, (2, 1)),
        ([(OFF, 1, 1), (ON, 1, 2)], True, (1, 2)),
        ([(ON, 1, 2), (STOP, 1, 2), (OFF, 1, 1)], False, (1, 2)),
    ],
)
def test_presence_follows_the_newest_connection(
    side: LinkSide,
    said: list[tuple[PresenceState, int, int]],
    online: bool,
    session: tuple[int, int],
) -> None:
    for state, boot, connection in said:
        side.table.say(Up.PRESENCE, presence(state, boot, connection))
    side.table.wait_until_link_has_seen_all()
    device = side.device()
    assert device.online is online
    assert (device.boot_count, device.connection_count) == session


def test_the_newest_health_is_kept_and_told(side: LinkSide) -> None:
    side.table.say(Up.HEALTH, Health(sign="ready"))
    side.table.say(Up.HEALTH, Health(sign="fault", faults=["camera lost"], waiting_proofs=3))
    side.table.wait_until_link_has_seen_all()
    device = side.device()
    assert Health.from_bytes(device.health.encode()).faults == ["camera lost"]
    assert device.last_seen_at is not None


def test_the_longest_health_fits(side: LinkSide) -> None:
    """On PostgreSQL a text longer than its column is an error."""
    longest = Health(
        sign="\x01" * 40,
        mode="\x01" * 20,
        open_code="\x01" * 200,
        open_photos=[sha_of(DATA)] * 3,
        faults=["\x01" * 100] * 20,
    )
    side.table.say(Up.HEALTH, longest)
    side.table.wait_until_link_has_seen_all()
    assert Health.from_bytes(side.device().health.encode()) == longest


def test_reports_that_wait_are_written_together_each_for_its_own_table(
    database: Database,
) -> None:
    """Of two organisations; the newest counts, and a revoked device is passed over."""
    senders = Senders(database)
    found: dict[str, Sender] = {}
    organisation_id: int | None = None
    for name in ("a-1", "a-2", "a-gone", "b-1"):
        known = organisation_id if name.startswith("a") else None
        _, organisation_id = add_device(database, name, organisation_id=known)
        sender = senders.find(name)
        assert sender is not None
        found[name] = sender
    revoke(database, "a-gone")
    said: list[tuple[str, Presence | Health]] = [
        ("a-1", presence(ON, 1, 1)),
        ("b-1", Health(sign="of b")),
        ("a-1", Health(sign="older")),
        ("a-2", presence(ON, 1, 2)),
        ("a-2", presence(OFF, 1, 1)),
        ("a-gone", Health(sign="gone")),
        ("a-1", Health(sign="newer")),
    ]
    Reports(database).take([Report(found[name], what) for name, what in said])
    with database.read(system("test")) as session:
        devices = {one.device_id: one for one in session.scalars(select(Device))}
    signs = {
        name: Health.from_bytes(device.health.encode()).sign if device.health else ""
        for name, device in devices.items()
    }
    assert signs == {"a-1": "newer", "a-2": "", "a-gone": "", "b-1": "of b"}
    assert {name for name, device in devices.items() if device.online} == {"a-1", "a-2"}


def revoke(database: Database, device_id: str) -> None:
    def unit(session: Session) -> None:
        device = session.scalars(select(Device).where(Device.device_id == device_id)).one()
        device.revoked_at = datetime(2026, 3, 1, tzinfo=UTC)

    database.write(unit, system("test"))


def test_a_report_that_is_refused_leaves_the_others_alone(
    side: LinkSide, mosquitto: Mosquitto
) -> None:
    """Also when they wait together."""
    address, _ = add_device(side.database, "table-02", organisation_id=side.organisation_id)
    with LinkTable(mosquitto, address) as other:
        for _ in range(20):
            other.say_raw(address.up(Up.HEALTH), b"nonsense")
            side.table.say(Up.HEALTH, Health(sign="ready"))
        side.table.wait_until_link_has_seen_all()
    assert side.device().health


# --- lookups --------------------------------------------------------------------------------------


def test_a_lookup_is_answered_with_advice(side: LinkSide) -> None:
    known = Advised(AdviceKind.CANCELLED, ("SPXMY1", "SPXMY2"))
    side.running.advise = lambda _organisation, _code: known
    side.table.say(Up.LOOKUP, Lookup(code="250301A", correlation="c1"))
    advice = eventually(lambda: side.table.advice)[0]
    assert (advice.code, advice.correlation, advice.kind) == ("250301A", "c1", AdviceKind.CANCELLED)
    assert "cancelled" in advice.text
    assert advice.equivalents == ["SPXMY1", "SPXMY2"]


def test_a_lookup_that_fails_stays_unanswered_and_the_next_is_answered(side: LinkSide) -> None:
    def broken(_organisation: int, _code: str) -> Advised:
        raise RuntimeError("a bug")

    side.running.advise = broken
    side.table.say(Up.LOOKUP, Lookup(code="A", correlation="c1"))
    eventually(lambda: side.running.asked == ["A"])
    side.running.advise = lambda _organisation, _code: Advised(AdviceKind.KNOWN)
    side.table.say(Up.LOOKUP, Lookup(code="B", correlation="c2"))
    assert [it.correlation for it in eventually(lambda: side.table.advice)] == ["c2"]


def test_a_flood_of_lookups_does_not_pile_up(side: LinkSide) -> None:
    go_on = threading.Event()

    def slow(_organisation: int, _code: str) -> Advised:
        assert go_on.wait(20)
        return Advised(AdviceKind.KNOWN)

    side.running.advise = slow
    for number in range(100):
        side.table.say(Up.LOOKUP, Lookup(code=f"C{number}", correlation=str(number)))
    side.table.wait_until_link_has_seen_all()
    go_on.set()
    eventually(lambda: len(side.table.advice) == 4)
    side.table.say(Up.LOOKUP, Lookup(code="LAST", correlation="last"))
    eventually(lambda: side.table.advice[-1].code == "LAST")
    assert side.running.asked == ["C0", "C1", "C2", "C3", "LAST"]


# --- progress -------------------------------------------------------------------------------------


def set_dispatch(side: LinkSide, state: State) -> None:
    def unit(session: Session) -> None:
        dispatch = session.scalars(select(Dispatch)).one()
        set_state(session, dispatch, state, now=datetime.now(UTC))

    side.database.write(unit, scoped(side.organisation_id))


def test_each_change_of_a_dispatch_is_told_to_its_device_alone(
    side: LinkSide, mosquitto: Mosquitto
) -> None:
    other, _ = add_device(side.database, "table-02", 9, side.organisation_id)
    with LinkTable(mosquitto, other) as second:
        side.table.send_manifest(manifest(PROOF, []))
        side.table.wait_proof(PROOF)
        for state in (State.QUEUED, State.SENDING, State.SENT):
            set_dispatch(side, state)
            eventually(
                lambda state=state: (
                    side.table.progress  # type: ignore[misc]  # bound at once
                    and side.table.progress[-1].state.value == state.value
                )
            )
        second.wait_until_link_has_seen_all()
        assert not second.progress
    assert side.table.progress[-1].state is DispatchState.SENT
    assert side.table.progress[-1].proof_id == PROOF


def test_progress_goes_on_after_the_database_was_away(
    side: LinkSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.table.send_manifest(manifest(PROOF, []))
    side.table.wait_proof(PROOF)
    eventually(lambda: side.table.progress)
    teller = side.running.link._progress
    failed = threading.Event()

    def away(*_: object) -> None:
        failed.set()
        raise ConnectionLost("away")

    with monkeypatch.context() as broken:
        broken.setattr(teller, "_follow", away)
        set_dispatch(side, State.SENT)
        assert failed.wait(10)
    eventually(lambda: side.table.progress[-1].state is DispatchState.SENT)
