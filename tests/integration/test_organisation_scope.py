"""The organisation scope reaches every shape of statement, and what it cannot reach is refused.

Invariant 8: a query without an organisation filter does not exist.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,  # noqa: TID251  to see it refused
    union_all,
    update,
)
from sqlalchemy.orm import (
    Session,
    joinedload,
    selectinload,
    subqueryload,
)

from cloud.database.clock import database_now
from cloud.database.errors import ScopeViolation
from cloud.database.scope import scoped, system
from tests.support.two_organisations import SELECTS, Base, Box, Business, Item, Two


@pytest.mark.parametrize("shape", SELECTS)
def test_select_gives_only_rows_of_the_organisation(two: Two, shape: str) -> None:
    with two.database.read(system("test")) as session:
        unlimited = set(session.scalars(SELECTS[shape]()))
    assert "other" in unlimited, "this statement would show nothing wrong anyway"
    with two.database.read(two.scope) as session:
        assert set(session.scalars(SELECTS[shape]())) <= {"mine"}


@pytest.mark.parametrize(
    "statement",
    [
        select(func.count()).select_from(Box),
        select(func.count(Box.id)),
        select(func.count()).select_from(select(Box).subquery()),
        select(func.count()).select_from(Box).where(literal(value=True)),
        select(func.sum(1)).select_from(Box),
    ],
)
def test_count_counts_only_rows_of_the_organisation(two: Two, statement: Select[Any]) -> None:
    with two.database.read(two.scope) as session:
        assert session.scalar(statement) == 1


def test_entities_unions_and_legacy_queries_are_limited(two: Two) -> None:
    with two.database.read(two.scope) as session:
        assert [box.name for box in session.scalars(select(Box))] == ["mine"]
        assert [box.name for box in session.query(Box)] == ["mine"]
        assert session.query(Box).count() == 1
        both = union_all(select(Box.name), select(Item.name))
        assert set(session.scalars(both)) == {"mine"}
        raw = select(Box).from_statement(select(Box).order_by(Box.id))
        assert [box.name for box in session.scalars(raw)] == ["mine"]


def test_get_finds_nothing_of_others(two: Two) -> None:
    with two.database.read(two.scope) as session:
        assert session.get(Box, two.my_box) is not None
        assert session.get(Box, two.other_box) is None
        assert session.get(Business, two.other) is None


@pytest.mark.parametrize("load", [None, joinedload, selectinload, subqueryload])
def test_relationships_load_only_rows_of_the_organisation(
    two: Two, load: Callable[[object], object] | None
) -> None:
    statement = select(Box) if load is None else select(Box).options(load(Box.items))  # type: ignore[arg-type]  # a loader
    with two.database.read(two.scope) as session:
        box = session.scalars(statement).unique().one()
        assert [item.name for item in box.items] == ["mine"]


def test_relationship_of_a_row_just_added_is_limited(two: Two) -> None:
    def unit(session: Session) -> list[str]:
        session.add(Item(name="new", box_id=two.my_box))
        session.flush()
        item = session.scalars(select(Item).where(Item.name == "new")).one()
        session.expire(item.box, ["items"])
        return sorted(each.name for each in item.box.items)

    assert two.database.write(unit, two.scope) == ["mine", "new"]


def test_update_and_delete_reach_only_rows_of_the_organisation(two: Two) -> None:
    def unit(session: Session) -> None:
        session.execute(update(Item).values(name="changed"))
        session.execute(
            update(Box)
            .where(Box.id.in_(select(Item.box_id).where(Item.name == "other")))
            .values(name="found by another's item")
        )
        session.execute(delete(Item).where(Item.name == "other"))
        session.query(Item).filter(Item.name == "changed").update({"name": "twice"})

    two.database.write(unit, two.scope)
    with two.database.read(system("test")) as session:
        assert sorted(session.scalars(select(Item.name))) == ["other", "other", "twice"]
        assert sorted(session.scalars(select(Box.name))) == ["mine", "other"]


def test_new_rows_are_stamped(two: Two) -> None:
    def unit(session: Session) -> int:
        box = Box(name="new", items=[Item(name="inside")])
        session.add(box)
        session.flush()
        return box.items[0].organisation_id

    assert two.database.write(unit, two.scope) == two.mine


def add_for_other(session: Session, two: Two) -> None:
    session.add(Box(name="planted", organisation_id=two.other))


def give_away(session: Session, two: Two) -> None:
    session.get_one(Box, two.my_box).organisation_id = two.other


def merge_foreign(session: Session, two: Two) -> None:
    session.merge(Box(id=two.other_box, name="taken", organisation_id=two.other))


def change_foreign(session: Session, two: Two) -> None:
    with two.database.read(system("test")) as reading:
        foreign = reading.get_one(Box, two.other_box)
    session.add(foreign)
    foreign.name = "changed"


def take_foreign(session: Session, two: Two) -> None:
    with two.database.read(system("test")) as reading:
        foreign = reading.get_one(Box, two.other_box)
    session.add(foreign)
    foreign.organisation_id = two.mine


def delete_foreign(session: Session, two: Two) -> None:
    with two.database.read(system("test")) as reading:
        foreign = reading.get_one(Box, two.other_box)
    session.delete(foreign)


def refresh_foreign(session: Session, two: Two) -> None:
    with two.database.read(system("test")) as reading:
        foreign = reading.get_one(Box, two.other_box)
    session.add(foreign)
    session.refresh(foreign)


def refresh_expired_foreign(session: Session, two: Two) -> None:
    with two.database.read(system("test")) as reading:
        foreign = reading.get_one(Box, two.other_box)
        reading.expire(foreign)
    session.add(foreign)
    session.refresh(foreign)


def statement_without_a_model_to_filter(session: Session, _two: Two) -> None:
    session.execute(select(func.first_value(Box.name).over(order_by=Box.name.desc())))


def update_owner(session: Session, two: Two) -> None:
    session.execute(update(Box).values(organisation_id=two.other))


def update_owner_by_column(session: Session, two: Two) -> None:
    session.execute(update(Box).values({Box.organisation_id: two.other}))


def update_owner_in_order(session: Session, two: Two) -> None:
    session.execute(update(Box).ordered_values((Box.organisation_id, two.other)))


def update_many(session: Session, two: Two) -> None:
    session.execute(update(Box), [{"id": two.other_box, "name": "changed"}])


def update_by_parameters(session: Session, two: Two) -> None:
    session.execute(update(Box), {"organisation_id": two.other})


def insert_statement(session: Session, two: Two) -> None:
    session.execute(insert(Box).values(name="planted", organisation_id=two.other))


def insert_many(session: Session, two: Two) -> None:
    session.execute(insert(Box), [{"name": "planted", "organisation_id": two.other}])


def bulk_save(session: Session, two: Two) -> None:
    session.bulk_save_objects([Box(name="planted", organisation_id=two.other)])


def bulk_insert(session: Session, two: Two) -> None:
    session.bulk_insert_mappings(Box, [{"name": "planted", "organisation_id": two.other}])


def plain_table(session: Session, _two: Two) -> None:
    session.execute(select(Box.__table__))


def plain_text(session: Session, _two: Two) -> None:
    session.execute(text("SELECT name FROM boxes"))


def plain_delete(session: Session, _two: Two) -> None:
    session.execute(delete(Base.metadata.tables["boxes"]))


def bare_connection(session: Session, _two: Two) -> None:
    session.connection().execute(select(Box))


@pytest.mark.parametrize(
    "act",
    [
        add_for_other,
        give_away,
        merge_foreign,
        change_foreign,
        take_foreign,
        delete_foreign,
        refresh_foreign,
        refresh_expired_foreign,
        statement_without_a_model_to_filter,
        update_owner,
        update_owner_by_column,
        update_owner_in_order,
        update_many,
        update_by_parameters,
        insert_statement,
        insert_many,
        bulk_save,
        bulk_insert,
        plain_table,
        plain_text,
        plain_delete,
        bare_connection,
    ],
)
def test_reaching_out_of_the_scope_is_refused(
    two: Two, act: Callable[[Session, Two], None]
) -> None:
    with pytest.raises(ScopeViolation):
        two.database.write(lambda session: act(session, two), two.scope)
    with two.database.read(system("test")) as session:
        assert sorted(session.scalars(select(Box.name))) == ["mine", "other"]
        owners = select(Box.name, Box.organisation_id).order_by(Box.name)
        assert session.execute(owners).all() == [("mine", two.mine), ("other", two.other)]


@pytest.mark.parametrize(
    "statement",
    [
        select(Box),
        select(Box.name),
        select(func.count()).select_from(Box),
        select(literal(1)).where(exists(select(Box.id))),
        update(Box).values(name="x"),
        delete(Box),
        insert(Box).values(name="x", organisation_id=1),
    ],
)
def test_session_without_a_scope_runs_nothing(two: Two, statement: Select[Any]) -> None:
    with Session(two.database.engines.writer) as session, pytest.raises(ScopeViolation):
        session.execute(statement)


def test_session_without_a_scope_writes_nothing(two: Two) -> None:
    box = Box(name="new", organisation_id=two.mine)
    with Session(two.database.engines.writer) as session, pytest.raises(ScopeViolation):
        session.add(box)


def test_system_session_sees_all_and_must_name_the_owner_of_new_rows(two: Two) -> None:
    with two.database.read(system("test")) as session:
        assert sorted(session.scalars(select(Box.name))) == ["mine", "other"]
    with pytest.raises(ScopeViolation, match="must name its organisation"):
        two.database.write(lambda session: session.add(Box(name="whose")), system("test"))


def test_system_scope_says_why() -> None:
    with pytest.raises(ValueError, match="reason"):
        system("")


def test_scopes_do_not_mix_through_cached_statements(two: Two) -> None:
    statement = select(Box.name).where(and_(Box.id > 0))
    found = []
    for organisation_id in (two.mine, two.other, two.mine):
        with two.database.read(scoped(organisation_id)) as session:
            found.append(session.scalars(statement).all())
    assert found == [["mine"], ["other"], ["mine"]]


def test_clock_works_in_a_scoped_session(two: Two) -> None:
    with two.database.read(two.scope) as session:
        assert database_now(session).tzinfo is not None
