"""Renaming, disabling, retiring and replacing tables, and the list of them (U-20 to U-22)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.scope import system
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.changing import disable_table, enable_table, rename_table, retire_table
from cloud.fleet.errors import (
    BadTableName,
    ClaimRefused,
    TableDisabled,
    TableExists,
    TableRetired,
    UnknownTable,
)
from cloud.fleet.overview import (
    SILENT_AFTER,
    TableFilter,
    TableGroup,
    TableState,
    count_tables,
    find_table,
    tables_of,
)
from cloud.fleet.queries import claim_ends_at, table_names
from cloud.fleet.reporting import known_device, note_health, note_presence
from cloud.fleet.service import (
    NewDevice,
    add_device,
    broker_users,
    create_table,
    find_device,
    issue_claim,
    new_claim_code,
    new_device_id,
    replace_others,
)
from tests.support.dashboard_rows import World
from tests.support.dashboard_server import RunningDashboard
from tests.support.fleet_rows import Fleet
from tests.support.statements import noted_statements
from wire.messages import Health

TEST = system("test")


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)


def change(fleet: Fleet, unit: Callable[[Session], object]) -> None:
    fleet.world.database.write(unit, fleet.world.scope)


def users(fleet: Fleet) -> set[str]:
    with fleet.world.database.read(TEST) as session:
        return {name for name, _ in broker_users(session)}


def is_known(fleet: Fleet, device_id: str) -> bool:
    """Whether its messages are taken, and a broker that asks is told to let it in."""
    with fleet.world.database.read(TEST) as session:
        answers = {
            known_device(session, device_id) is not None,
            find_device(session, device_id) is not None,
            device_id in {name for name, _ in broker_users(session)},
        }
    [answer] = answers
    return answer


def claim(fleet: Fleet, table_id: int) -> str:
    code = new_claim_code()
    change(fleet, lambda session: issue_claim(session, table_id, code, utc_now()))
    return code


def enrol(fleet: Fleet, code: str) -> str:
    """As a table does; the id of the new device."""
    new = NewDevice(new_device_id(), broker_hash("x"), "Pi", "0.5.0")

    def unit(session: Session) -> None:
        now = utc_now()
        replace_others(session, add_device(session, code, new, now), now)

    fleet.world.database.write(unit, TEST)
    return new.device_id


# --- disabling ------------------------------------------------------------------------------------


def test_a_disabled_table_is_heard_no_more_until_it_is_enabled(fleet: Fleet) -> None:
    """U-22."""
    table_id = fleet.add("North 1")
    other = fleet.device(fleet.add("North 2")).device_id
    device_id = fleet.device(table_id).device_id
    assert is_known(fleet, device_id)
    change(fleet, lambda session: disable_table(session, table_id, utc_now()))
    assert not is_known(fleet, device_id)
    assert is_known(fleet, other)
    assert (fleet.device(table_id).online, fleet.device(table_id).revoked_at) == (False, None)
    change(fleet, lambda session: enable_table(session, table_id))
    assert is_known(fleet, device_id)


def test_nobody_enrols_at_a_disabled_table(fleet: Fleet) -> None:
    table_id = fleet.add("North 1", enrolled=False)
    code = claim(fleet, table_id)
    change(fleet, lambda session: disable_table(session, table_id, utc_now()))
    with pytest.raises(ClaimRefused):
        enrol(fleet, code)
    with pytest.raises(TableDisabled):
        claim(fleet, table_id)
    change(fleet, lambda session: enable_table(session, table_id))
    with pytest.raises(ClaimRefused, match="expired"):  # the sheet that lay about is worth nothing
        enrol(fleet, code)
    assert enrol(fleet, claim(fleet, table_id)) in users(fleet)


# --- retiring -------------------------------------------------------------------------------------


def test_a_retired_table_is_gone_for_good_and_its_name_is_free(fleet: Fleet) -> None:
    """U-22: a retired device can no longer publish."""
    table_id = fleet.add("North 1")
    device_id, code = fleet.device(table_id).device_id, claim(fleet, table_id)
    change(fleet, lambda session: retire_table(session, table_id, utc_now()))
    assert not is_known(fleet, device_id)
    assert fleet.device(table_id).revoked_at is not None
    with pytest.raises(ClaimRefused):
        enrol(fleet, code)
    for unit in (
        lambda session: enable_table(session, table_id),
        lambda session: disable_table(session, table_id, utc_now()),
        lambda session: retire_table(session, table_id, utc_now()),
        lambda session: rename_table(session, table_id, "North 2"),
        lambda session: issue_claim(session, table_id, new_claim_code(), utc_now()),
    ):
        with pytest.raises(TableRetired):
            change(fleet, unit)
    change(fleet, lambda session: create_table(session, "North 1", utc_now()))
    with fleet.world.database.read(fleet.world.scope) as session:
        assert [name for _, name in table_names(session)] == ["North 1", "Table 1"]
        assert table_names(session, retired=True) == [(table_id, "North 1")]


# --- replacing ------------------------------------------------------------------------------------


def test_the_old_computer_works_until_the_new_one_has_enrolled(fleet: Fleet) -> None:
    table_id = fleet.add("North 1", waiting=3)
    old = fleet.device(table_id).device_id
    code = claim(fleet, table_id)
    assert is_known(fleet, old)
    new = enrol(fleet, code)
    assert (is_known(fleet, old), is_known(fleet, new)) == (False, True)
    with pytest.raises(ClaimRefused, match="used already"):
        enrol(fleet, code)


def test_a_new_claim_ends_the_earlier_one(fleet: Fleet) -> None:
    table_id = fleet.add("North 1", enrolled=False)
    first, second = claim(fleet, table_id), claim(fleet, table_id)
    assert fleet.open_claims(table_id, utc_now()) == 1
    with pytest.raises(ClaimRefused, match="expired"):
        enrol(fleet, first)
    with fleet.world.database.read(fleet.world.scope) as session:
        assert claim_ends_at(session, table_id, utc_now()) is not None
    enrol(fleet, second)
    with fleet.world.database.read(fleet.world.scope) as session:
        assert claim_ends_at(session, table_id, utc_now()) is None


# --- names ----------------------------------------------------------------------------------------


def test_names_are_changed_and_stay_unique_among_tables_in_use(fleet: Fleet) -> None:
    north, south = fleet.add("North"), fleet.add("South")
    change(fleet, lambda session: rename_table(session, north, " North   1 "))
    assert fleet.table(north).name == "North 1"
    change(fleet, lambda session: rename_table(session, north, "North 1"))
    with pytest.raises(TableExists):
        change(fleet, lambda session: rename_table(session, south, "North 1"))
    with pytest.raises(TableExists):
        change(fleet, lambda session: create_table(session, "North 1", utc_now()))
    with pytest.raises(BadTableName):
        change(fleet, lambda session: rename_table(session, south, " "))
    assert fleet.table(south).name == "South"


def test_tables_of_others_are_unknown(dashboard: RunningDashboard, fleet: Fleet) -> None:
    """U-25."""
    stranger = Fleet(dashboard.world("stranger@other.test", name="Other"))
    table_id = fleet.add("North 1")
    for unit in (
        lambda session: disable_table(session, table_id, utc_now()),
        lambda session: enable_table(session, table_id),
        lambda session: retire_table(session, table_id, utc_now()),
        lambda session: rename_table(session, table_id, "Mine"),
        lambda session: issue_claim(session, table_id, new_claim_code(), utc_now()),
    ):
        with pytest.raises(UnknownTable):
            change(stranger, unit)
    change(stranger, lambda session: create_table(session, "North 1", utc_now()))
    with stranger.world.database.read(stranger.world.scope) as session:
        assert find_table(session, table_id, utc_now()) is None
        assert count_tables(session, "", utc_now())[""] == 2


# --- the list -------------------------------------------------------------------------------------


def of_each_kind(fleet: Fleet) -> dict[str, int]:
    now = utc_now()
    tables = {
        "online": fleet.add("A online"),
        "offline": fleet.add("B offline", online=False, seen_ago=timedelta(minutes=1)),
        "silent": fleet.add("C silent", seen_ago=SILENT_AFTER + timedelta(seconds=1)),
        "faulty": fleet.add("D faulty", faults=("camera",)),
        "holding": fleet.add("E holding", waiting=2, waiting_for=timedelta(hours=3)),
        "new": fleet.add("F new", enrolled=False),
        "disabled": fleet.add("G disabled", faults=("camera",), waiting=1),
        "retired": fleet.add("H retired"),
    }
    change(fleet, lambda session: disable_table(session, tables["disabled"], now))
    change(fleet, lambda session: retire_table(session, tables["retired"], now))
    change(fleet, lambda session: retire_table(session, fleet.world.table_id, now))
    return tables


EXPECTED = {
    "": {"online", "offline", "silent", "faulty", "holding", "new", "disabled"},
    TableState.ONLINE: {"online", "faulty", "holding"},
    TableState.OFFLINE: {"offline", "silent"},
    TableState.NOT_ENROLLED: {"new"},
    TableState.DISABLED: {"disabled"},
    TableState.RETIRED: {"retired"},
    TableGroup.ATTENTION: {"offline", "silent", "faulty"},
    TableGroup.WAITING: {"holding"},
}


def test_each_state_and_group_has_its_tables_and_their_number(fleet: Fleet) -> None:
    """U-20, U-21."""
    tables = of_each_kind(fleet)
    now = utc_now()
    with fleet.world.database.read(fleet.world.scope) as session:
        for state, expected in EXPECTED.items():
            found = tables_of(session, TableFilter(state), now)
            ids = {row.table.id for row in found} - {fleet.world.table_id}
            assert ids == {tables[name] for name in expected}, state
            if state in set(TableState):  # what SQL finds, and what is said of one
                assert {row.state for row in found} == {state}
        counts = count_tables(session, "", now)
        assert counts == {
            state: len(expected) + (state == TableState.RETIRED)
            for state, expected in EXPECTED.items()
        }
        assert count_tables(session, "SILENT", now)[TableState.OFFLINE] == 1


def test_the_list_is_searched_by_parts_of_names_as_they_are(fleet: Fleet) -> None:
    fleet.add_all(["North 2", "North 12", "100% cotton", "100 cotton"], enrolled=False)
    with fleet.world.database.read(fleet.world.scope) as session:

        def named(name: str) -> list[str]:
            found = tables_of(session, TableFilter(name=name), utc_now())
            return [row.table.name for row in found]

        assert named("north") == ["North 2", "North 12"]
        assert named("2") == ["North 2", "North 12"]
        assert named("100%") == ["100% cotton"]


def test_a_thousand_tables_are_paged_both_ways_in_few_statements(fleet: Fleet) -> None:
    names = [f"Table {number}" for number in range(2, 1001)]
    fleet.add_all(names)
    engine = fleet.world.database.engines.reader
    now, wanted = utc_now(), TableFilter()
    seen: list[str] = []
    with fleet.world.database.read(fleet.world.scope) as session:
        after = None
        while True:
            with noted_statements(engine) as statements:
                page = tables_of(session, wanted, now, most=50, after=after)
                counts = count_tables(session, "", now)
            assert sum(sql.startswith("SELECT") for sql, _ in statements) == 2
            if not page:
                break
            seen += [row.table.name for row in page]
            after = page[-1].table.id
        assert seen == ["Table 1", *names]
        assert counts[""] == 1000
        before = tables_of(session, wanted, now, most=50, before=after)
        assert [row.table.name for row in before] == seen[949:999]


# --- what tables say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("health", "waiting", "trouble"),
    [
        (Health(sign="ready"), 0, False),
        (Health(sign="ready", waiting_proofs=2, oldest_waiting_s=60), 2, False),
        (Health(sign="call-lead"), 0, True),
        (Health(sign="ready", faults=["camera: gone"]), 0, True),
        (Health(sign="ready", waiting_proofs=1, oldest_waiting_s=1e300), 1, False),
    ],
)
def test_what_a_table_says_can_be_filtered_by(
    fleet: Fleet, health: Health, waiting: int, trouble: bool
) -> None:
    device = fleet.device(fleet.add("North 1", waiting=5, faults=("old",)))
    now = utc_now()
    change(fleet, lambda session: note_health(session, {device.id: health}, now))
    told = fleet.device(device.table_id)
    assert (told.waiting_proofs, told.in_trouble) == (waiting, trouble)
    assert (told.waiting_since is not None) == bool(waiting)
    if health.oldest_waiting_s == 60:
        assert told.waiting_since == now - timedelta(seconds=60)


def test_a_revoked_device_says_nothing_any_more(fleet: Fleet) -> None:
    device = fleet.device(fleet.add("North 1", waiting=5))
    change(fleet, lambda session: retire_table(session, device.table_id, utc_now()))

    def unit(session: Session) -> None:
        note_health(session, {device.id: Health(sign="ready")}, utc_now())
        note_presence(
            session, device.id, online=True, connection=(9, 9), software="x", now=utc_now()
        )

    change(fleet, unit)
    after = fleet.device(device.table_id)
    assert (after.waiting_proofs, after.online, after.software) == (5, False, "0.5.0")
