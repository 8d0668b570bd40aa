"""Prepared statements pass by the ORM, and are limited to the organisation all the same.

Invariant 8: a query without an organisation filter does not exist.
"""

import pytest
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from cloud.database.errors import ScopeViolation, WriteMisuse
from cloud.database.prepared import Adding, Changing, Reading
from cloud.database.scope import system
from tests.support.two_organisations import SELECTS, Box, Business, Item, Two

TEST = system("test")
RENAME = Changing(update(Box).where(Box.id == bindparam("box")).values(name=bindparam("to")))
NAMES = Reading(select(Box.name).order_by(Box.id))


@pytest.mark.parametrize("shape", SELECTS)
def test_a_reading_is_limited_or_refused(two: Two, shape: str) -> None:
    reading = Reading(SELECTS[shape]())
    with two.database.read(TEST) as session:
        assert "other" in {row[0] for row in reading.all(session)}
    with two.database.read(two.scope) as session:
        try:
            names = {row[0] for row in reading.all(session)}
        except ScopeViolation:
            return
        assert names <= {"mine"}


@pytest.mark.parametrize("shape", ["columns", "aliased", "join to alias", "organisation itself"])
def test_plain_readings_are_limited_and_not_refused(two: Two, shape: str) -> None:
    reading = Reading(SELECTS[shape]())
    with two.database.read(two.scope) as session:
        assert {row[0] for row in reading.all(session)} == {"mine"}


def test_a_reading_gives_first_one_and_all(two: Two) -> None:
    with two.database.read(two.scope) as session:
        assert NAMES.one(session) == ("mine",)
        assert NAMES.first(session) == ("mine",)
        nobody = Reading(select(Box.name).where(Box.name == bindparam("name")))
        assert nobody.first(session, name="other") is None


def test_a_change_reaches_only_rows_of_the_organisation(two: Two) -> None:
    def rename(box: int) -> int:
        return two.database.write(lambda session: RENAME.run(session, box=box, to="new"), two.scope)

    assert rename(two.my_box) == 1
    assert rename(two.other_box) == 0
    with two.database.read(TEST) as session:
        assert [name for (name,) in NAMES.all(session)] == ["new", "other"]


def test_several_changes_at_once_reach_only_rows_of_the_organisation(two: Two) -> None:
    rows: list[dict[str, object]] = [
        {"box": two.my_box, "to": "new"},
        {"box": two.other_box, "to": "taken"},
    ]
    two.database.write(lambda session: RENAME.run_all(session, rows), two.scope)
    two.database.write(lambda session: RENAME.run_all(session, []), two.scope)
    with two.database.read(TEST) as session:
        assert [name for (name,) in NAMES.all(session)] == ["new", "other"]


def test_a_deletion_reaches_only_rows_of_the_organisation(two: Two) -> None:
    everything = Changing(delete(Item))
    assert two.database.write(everything.run, two.scope) == 1


def test_a_system_session_changes_rows_of_all(two: Two) -> None:
    changed = two.database.write(
        lambda session: Changing(update(Box).values(name="all")).run(session), TEST
    )
    assert changed == 2


def test_a_change_with_a_subquery_is_refused_in_a_scope(two: Two) -> None:
    inner = select(Item.box_id).where(Item.name == "other")
    sly = Changing(update(Box).where(Box.id.in_(inner)).values(name="new"))
    with pytest.raises(ScopeViolation):
        two.database.write(sly.run, two.scope)


def test_a_new_row_gets_the_organisation(two: Two) -> None:
    box = two.database.write(lambda session: Adding(Box).run(session, name="new"), two.scope)
    with two.database.read(two.scope) as session:
        assert session.get_one(Box, box).organisation_id == two.mine


@pytest.mark.parametrize("owner", ["other", "nobody"])
def test_a_new_row_of_others_or_of_nobody_is_refused(two: Two, owner: str) -> None:
    scope = two.scope if owner == "other" else TEST
    values = {"organisation_id": two.other} if owner == "other" else {}
    with pytest.raises(ScopeViolation):
        two.database.write(lambda session: Adding(Box).run(session, name="new", **values), scope)


def test_a_reading_session_writes_nothing(two: Two) -> None:
    with two.database.read(two.scope) as session:
        with pytest.raises(WriteMisuse):
            RENAME.run(session, box=two.my_box, to="new")
        with pytest.raises(WriteMisuse):
            Adding(Box).run(session, name="new")


def test_what_the_session_holds_is_written_first(two: Two) -> None:
    def unit(session: Session) -> int:
        session.add(Business(name="third"))
        (count,) = Reading(select(func.count(Business.id))).one(session)
        return count

    assert two.database.write(unit, TEST) == 3
