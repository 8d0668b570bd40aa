"""Finding what a control call names, and changing it."""

from typing import TypeVar

from fastapi import HTTPException

from sandbox.market.collection import Collection
from sandbox.market.control.bodies import Change
from sandbox.market.entities import Entity, Id

E = TypeVar("E", bound=Entity)


def found(collection: Collection[E], key: Id) -> E:
    """The entity with this key, or status 404."""
    entity = collection.get(key)
    if entity is None:
        raise HTTPException(404, f"There is no such thing: {key}.")
    return entity


def changed(collection: Collection[E], entity: E, change: Change, **more: object) -> E:
    """The entity with the given fields changed, put into the collection."""
    return collection.put(entity.model_copy(update=change.given() | more))


def refuse_known(collection: Collection[E], entity: E) -> None:
    """Status 409 when there is one with this key already."""
    if collection.get(entity.key) is not None:
        raise HTTPException(409, f"There is one already: {entity.key}.")
