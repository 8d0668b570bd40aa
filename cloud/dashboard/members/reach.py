"""Which shops a member sees, as the forms say it: all, or those that are ticked."""

from collections.abc import Collection
from enum import StrEnum

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from cloud.accounts.errors import NoShop
from cloud.shops.queries import shop_names

_MOST = 2_000


class Reach(StrEnum):
    """How far a member sees."""

    ALL = "all"
    SOME = "some"


class ReachForm(BaseModel):
    """The part of a form that says which shops."""

    reach: Reach = Reach.ALL
    shops: list[int] = Field(default=[], max_length=_MOST)

    def chosen(self, session: Session) -> Collection[int] | None:
        """The shops that were ticked; None: all, also those to come (a scoped session).

        Raises:
            NoShop: none was ticked, or one of them is not there.
        """
        if self.reach is Reach.ALL:
            return None
        known = {shop_id for shop_id, _channel, _name in shop_names(session)}
        if not self.shops or not known.issuperset(self.shops):
            raise NoShop
        return frozenset(self.shops)
