"""The organisation scope: no session reads or writes rows outside it.

A scoped session adds its organisation's filter to every ORM select, update and delete (lazy and
eager loads too), stamps new rows and refuses rows of others at flush. A session without a scope
runs nothing. What the ORM cannot filter (SQL text, plain tables, bulk statements) is refused
here when it is seen, and banned from the rest of the program by a test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from sqlalchemy import ClauseElement, Table, TextClause, event, inspect
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    Mapper,
    ORMExecuteState,
    Session,
    UOWTransaction,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import ValuesBase

from cloud.database.base import OrganisationOwned, OrganisationRoot
from cloud.database.errors import ScopeViolation, WriteMisuse
from cloud.database.sight import Narrowed, Sight, narrowed_models

_SCOPE = "packwitness.scope"
_READ_ONLY = "packwitness.read_only"
_COLUMN = "organisation_id"


@dataclass(frozen=True)
class Scope:
    """Whose rows a session may touch: one organisation's, or (system) everybody's."""

    organisation_id: int | None
    reason: str
    sight: Sight | None = None
    """The part of the organisation that the caller may see; None: all of it."""


def scoped(organisation_id: int, sight: Sight | None = None) -> Scope:
    """Return the scope of one organisation: for everything done for a known caller."""
    return Scope(organisation_id, f"organisation {organisation_id}", sight)


def system(reason: str) -> Scope:
    """Return the scope of the program itself, over all organisations; say why it is needed."""
    if not reason:
        raise ValueError("a system scope needs its reason")
    return Scope(None, reason)


class ScopedSession(Session):
    """A session whose transaction, and scope, belong to the one who made it."""

    def commit(self) -> NoReturn:
        """Refuse: the write path commits, after the unit has returned."""
        raise WriteMisuse("a unit must not commit: Database.write does, for several units at once")

    def rollback(self) -> NoReturn:
        """Refuse: a unit that must not happen raises."""
        raise WriteMisuse("a unit must not roll back: raise an error instead")

    def begin_nested(self) -> NoReturn:
        """Refuse: savepoints cost more than the group commit wins (stack F)."""
        raise WriteMisuse("a unit has no savepoints: make it two units")

    def connection(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: what runs on the bare connection has no organisation filter."""
        raise ScopeViolation("use the session: the bare connection has no organisation filter")

    def _bulk(self, *_: Any, **__: Any) -> NoReturn:
        raise ScopeViolation("bulk methods pass by the organisation check: use session.add_all")

    bulk_save_objects = _bulk
    bulk_insert_mappings = _bulk
    bulk_update_mappings = _bulk


def scope_of(session: Session) -> Scope:
    """Return the session's scope. Raises ScopeViolation when it has none."""
    scope = session.info.get(_SCOPE)
    if not isinstance(scope, Scope):
        raise ScopeViolation(
            "this session has no scope: take sessions from Database.read and Database.write"
        )
    return scope


def is_read_only(session: Session) -> bool:
    """Say whether the session may not write."""
    return bool(session.info.get(_READ_ONLY))


def session_info(scope: Scope, *, read_only: bool = False) -> dict[Any, Any]:
    """Return the `info` that gives a new session its scope."""
    return {_SCOPE: scope, _READ_ONLY: read_only}


@event.listens_for(Session, "do_orm_execute")
def _limit_statement(state: ORMExecuteState) -> None:
    scope = scope_of(state.session)
    organisation_id = scope.organisation_id
    if organisation_id is None:
        return
    if not state.is_orm_statement:
        _refuse_plain_sql(state)
        return
    if state.is_insert or state.is_update:
        _check_values(state)
    state.statement = state.statement.options(*_criteria(organisation_id))
    if scope.sight is not None:
        state.statement = state.statement.options(*_sight_criteria(scope.sight))


@lru_cache(maxsize=1024)
def _criteria(organisation_id: int) -> tuple[LoaderCriteriaOption, LoaderCriteriaOption]:
    """Make the filters of an organisation once: that costs more than most statements do."""
    return (
        with_loader_criteria(
            OrganisationOwned,
            lambda model: model.organisation_id == organisation_id,
            include_aliases=True,
        ),
        with_loader_criteria(
            OrganisationRoot,
            lambda model: model.id == organisation_id,
            include_aliases=True,
        ),
    )


@lru_cache(maxsize=256)
def _sight_criteria(sight: Sight) -> tuple[LoaderCriteriaOption, ...]:
    """Make the filters of a part of an organisation, one for each model that it narrows."""
    return tuple(
        with_loader_criteria(model, model.seen_by(sight), include_aliases=True)
        for model in narrowed_models()
    )


def _refuse_plain_sql(state: ORMExecuteState) -> None:
    """Let pure functions pass (the clock); tables and text would escape the filter."""
    statement = state.statement
    if not isinstance(statement, ClauseElement):
        raise ScopeViolation(f"a {type(statement).__name__} cannot be filtered")
    for element in visitors.iterate(statement):
        if isinstance(element, Table | TextClause):
            raise ScopeViolation(
                "plain tables and SQL text have no organisation filter: use models"
            )


def _check_values(state: ORMExecuteState) -> None:
    """Refuse what would write rows of others: no filter can be added to these."""
    mapper = state.bind_mapper
    if mapper is None or not _is_owned(mapper):
        return
    if state.is_insert:
        raise ScopeViolation("insert statements are not stamped: use session.add")
    if state.parameters:
        raise ScopeViolation("updates by parameter list are not filtered: use .values()")
    # No public name gives the columns an update sets; a test holds this one.
    values = state.statement._values if isinstance(state.statement, ValuesBase) else None  # noqa: SLF001
    if any(getattr(column, "key", column) == _COLUMN for column in values or ()):
        raise ScopeViolation("a row cannot change its organisation")


def _is_owned(mapper: Mapper[Any]) -> bool:
    return issubclass(mapper.class_, OrganisationOwned | OrganisationRoot)


@event.listens_for(Session, "before_attach")
def _check_attached(session: Session, row: object) -> None:
    """Refuse a row of others before it can be refreshed: no filter reaches that statement."""
    organisation_id = scope_of(session).organisation_id
    if organisation_id is None or not isinstance(row, OrganisationOwned | OrganisationRoot):
        return
    owner = row.__dict__.get(_COLUMN if isinstance(row, OrganisationOwned) else "id")
    is_new = inspect(row, raiseerr=True).key is None
    if owner != organisation_id and not (is_new and owner is None):
        raise ScopeViolation(
            f"a {type(row).__name__} that is not known to belong to organisation {organisation_id}"
        )


@event.listens_for(Session, "before_flush")
def _check_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    scope = scope_of(session)
    if is_read_only(session):
        raise WriteMisuse("a reading session writes nothing: use Database.write")
    _stamp(session.new, scope)
    if scope.organisation_id is None:
        return
    for row in [*session.new, *session.dirty, *session.deleted]:
        _check_row(row, scope.organisation_id)
        _check_shop(row, scope.sight)


def _stamp(rows: Iterable[object], scope: Scope) -> None:
    for row in rows:
        # The column is not nullable, but a new row does not have it yet.
        if isinstance(row, OrganisationOwned) and getattr(row, _COLUMN) is None:
            if scope.organisation_id is None:
                raise ScopeViolation(
                    f"a new {type(row).__name__} in a system session must name its organisation"
                )
            row.organisation_id = scope.organisation_id


def _check_row(row: object, organisation_id: int) -> None:
    if isinstance(row, OrganisationOwned):
        history = inspect(row, raiseerr=True).attrs[_COLUMN].history
        owners = {row.organisation_id, *history.deleted}
    elif isinstance(row, OrganisationRoot):
        owners = {row.id}
    else:
        return
    if owners != {organisation_id}:
        raise ScopeViolation(
            f"a {type(row).__name__} of another organisation in the session of {organisation_id}"
        )


def _check_shop(row: object, sight: Sight | None) -> None:
    """Refuse to write what the writer could not read. A row may have no shop yet."""
    if sight is None or not isinstance(row, Narrowed):
        return
    shop_id = getattr(row, "shop_id", None)
    if shop_id is not None and shop_id not in sight.shops:
        raise ScopeViolation(f"a {type(row).__name__} of a shop that the member may not see")
