"""Every table that belongs to shops says which of its rows a member of some shops sees."""

from cloud.database.base import Base
from cloud.database.sight import Narrowed, OfShop, Sight, narrowed_models
from cloud.migrations.models import metadata

SIGHT = Sight(frozenset({7}), frozenset({"webcam-3"}))
SEEN_WHOLE = {
    "member_shops",  # which shops somebody sees is shown to owners alone
    "authorization_requests",  # known by its secret alone, to who made it
}
"""Tables that refer to what is narrowed, and stay whole."""


def models() -> dict[str, type[Narrowed]]:
    return {
        metadata.tables[one.__tablename__].name: one
        for one in narrowed_models()
        if issubclass(one, Base)
    }


def test_what_belongs_to_a_shop_or_to_something_of_a_shop_is_narrowed() -> None:
    narrowed = set(models())
    refers = {
        table.name
        for table in metadata.tables.values()
        if any(key.column.table.name in narrowed for key in table.foreign_keys)
    }
    assert refers - narrowed == SEEN_WHOLE
    assert SEEN_WHOLE.isdisjoint(narrowed)


def test_each_narrowed_model_has_a_condition_of_the_shops() -> None:
    for name, model in models().items():
        condition = str(model.seen_by(SIGHT).compile(compile_kwargs={"literal_binds": True}))
        assert "(7)" in condition, name


def test_what_names_a_shop_is_narrowed_by_it() -> None:
    for name, model in models().items():
        if issubclass(model, OfShop):
            assert "shop_id" in metadata.tables[name].c, name
