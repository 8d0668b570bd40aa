"""Keeping authorizations alive that nobody uses, and saying in time when one ends.

Refresh tokens die of disuse (Shopee's after 30 days, marketplace-apis 1.2): a chat in which nothing
was sent for a month would have to be authorized again by a person.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.errors import TransientDatabaseError
from cloud.database.leases import end_lease, take_lease
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.mail.posting import MailRoom
from cloud.marketplaces.errors import MarketplaceError
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Authorization
from cloud.shops.service import AuthorizationState, Purpose
from cloud.shops.standing import Stands, stands
from cloud.sync.warnings import warn_once
from cloud.threads import Threads

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
UNUSED_FOR = timedelta(days=1)
"""A pair that was not renewed for so long is renewed here; what is used renews itself."""
LEASE = "authorizations"
_LASTS = timedelta(minutes=10)
_SCOPE = system("authorizations of all organisations")


@dataclass(frozen=True, slots=True)
class Kept:
    """An authorization that is in force."""

    id: int
    shop: ShopKey
    purpose: Purpose
    changed_at: datetime
    stands: Stands
    warned: int
    """Of how many thresholds people were told."""


def in_force(session: Session, now: datetime) -> list[Kept]:
    """All authorizations that are in force (a system session)."""
    rows = session.scalars(
        select(Authorization)
        .where(Authorization.state == AuthorizationState.AUTHORIZED)
        .order_by(Authorization.id)
    )
    return [
        Kept(
            id=row.id,
            shop=ShopKey(row.organisation_id, row.shop_id),
            purpose=Purpose(row.purpose),
            changed_at=row.changed_at,
            stands=stands(row.state, row.ends_at, row.refresh_expires_at, now=now),
            warned=row.warned,
        )
        for row in rows
    ]


class AuthorizationKeeper:
    """Looks at all authorizations once an hour, in one process at a time."""

    def __init__(
        self,
        database: Database,
        gateway: ShopGateway,
        mails: MailRoom,
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._mails = mails
        self._holder = f"authorizations-{secrets.token_hex(8)}"
        self._stopping = threading.Event()
        self._threads = Threads({"sync-authorizations": self._run}, on_death)

    def start(self) -> None:
        """Look now, then every hour."""
        self._threads.start()

    def stop(self) -> None:
        """End after the refresh under way."""
        self._stopping.set()
        self._threads.join(30)

    def look(self) -> None:
        """Renew what was not used, and warn of what ends. Raises DatabaseError."""
        now = utc_now()
        with self._database.read(_SCOPE) as session:
            kept = in_force(session, now)
        metrics.AUTHORIZATIONS_ENDING.set(sum(one.stands.warning > 0 for one in kept))
        for one in kept:
            if self._stopping.is_set():
                return
            self._warn(one, now)
            if now - one.changed_at > UNUSED_FOR:
                self._renew(one)

    def _warn(self, one: Kept, now: datetime) -> None:
        """Once for each threshold that has passed (14, 7 and 1 days before the end)."""
        if one.stands.warning == one.warned or one.stands.ends_at is None:
            return
        if not self._database.write(
            lambda session: warn_once(session, self._mails, one.id, now), _SCOPE
        ):
            return
        left = one.stands.ends_at - now
        logger.warning(
            "an authorization ends in %s days: a person has to authorize the shop again",
            max(0, left.days),
            extra={"shop": one.shop.shop_id, "purpose": one.purpose},
        )

    def _renew(self, one: Kept) -> None:
        try:
            # A line has a token that is good, which is all that is wanted here.
            self._gateway.line(one.shop, one.purpose)
        except (NotAuthorized, MarketplaceError) as error:
            extra = {"shop": one.shop.shop_id, "purpose": one.purpose}
            logger.warning("a token cannot be renewed now: %s", error, extra=extra)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look_in_turn()
            self._stopping.wait(EVERY_S)

    def _look_in_turn(self) -> None:
        try:
            if not self._database.write(
                lambda session: take_lease(session, LEASE, self._holder, _LASTS), _SCOPE
            ):
                return
            self.look()
            self._database.write(
                lambda session: end_lease(session, LEASE, self._holder, timedelta()), _SCOPE
            )
        except TransientDatabaseError:
            logger.warning("authorizations cannot be looked at now; again in an hour")
