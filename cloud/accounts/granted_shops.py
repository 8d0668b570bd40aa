"""Which shops a member sees and acts on: all, or those that an owner granted."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cloud.accounts.models import Member, MemberShop
from cloud.accounts.roles import Role


def granted_shops(session: Session, member: Member) -> frozenset[int] | None:
    """The shops that a member sees; None: all, as every owner does (any session)."""
    if member.all_shops or member.role == Role.OWNER:
        return None
    return shops_of(session, [member.id]).get(member.id, frozenset())


def grant_shops(session: Session, member: Member, shops: Collection[int] | None) -> None:
    """Let a member see these shops, or all of them and those to come (a scoped session).

    ``shops``: of the member's organisation, which the caller makes sure of; None: all.
    """
    session.execute(delete(MemberShop).where(MemberShop.member_id == member.id))
    member.all_shops = shops is None
    for shop_id in sorted(set(shops or ())):
        session.add(MemberShop(member_id=member.id, shop_id=shop_id))
    session.flush()


def shops_of(session: Session, member_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """The shops granted to each of some members; those without any are left out (any session)."""
    found: dict[int, set[int]] = {}
    rows = session.execute(
        select(MemberShop.member_id, MemberShop.shop_id).where(
            MemberShop.member_id.in_(list(member_ids))
        )
    )
    for member_id, shop_id in rows:
        found.setdefault(member_id, set()).add(shop_id)
    return {member_id: frozenset(shops) for member_id, shops in found.items()}
