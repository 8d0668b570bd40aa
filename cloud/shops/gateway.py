"""Calling a marketplace for a shop, with a token that is good.

A refresh is single flight over all processes: a lease in the authorization's row says who does it,
and the new pair is stored before anybody uses it (marketplace-apis 1.2).
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.clock import database_now
from cloud.database.errors import SecretError
from cloud.database.insisting import write_insisting
from cloud.database.scope import Scope, scoped
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.marketplaces.access import ShopAccess, Tokens
from cloud.marketplaces.daily import Allowance
from cloud.marketplaces.errors import (
    AuthorizationEnded,
    FailureClass,
    OutcomeUnknown,
    TokenRejected,
    TransientError,
)
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.registry import capabilities_of, marketplace_for
from cloud.shops.daily import ShopAllowance
from cloud.shops.errors import NotAuthorized
from cloud.shops.service import (
    AuthorizationState,
    OpenedAuthorization,
    Purpose,
    authorization,
    holders_of_pair,
    open_authorization,
    store_tokens,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

REFRESH_AHEAD = timedelta(minutes=30)
"""Lazada asks for so long before the end (marketplace-apis 2.2)."""
_REFRESH_LEASE = timedelta(seconds=60)
_REMEMBERED_S = 5.0


@dataclass(frozen=True, slots=True)
class ShopKey:
    """A shop and whose it is."""

    organisation_id: int
    shop_id: int

    @property
    def scope(self) -> Scope:
        """Its credentials are read and written in its organisation's scope."""
        return scoped(self.organisation_id)


_Key = tuple[ShopKey, Purpose]


class RefreshUnderWay(TransientError):
    """Another thread or process refreshes this shop's token now; try again in a moment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A marketplace and the right to call it for one shop, for use by the calling thread now."""

    marketplace: Marketplace
    access: ShopAccess
    generation: int


class ShopGateway:
    """Gives lines to shops. One per process, shared by its threads."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        clients: HttpClients,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._box = box
        self._clients = clients
        self._monotonic_s = monotonic_s
        self._known: dict[_Key, tuple[float, OpenedAuthorization]] = {}
        self._allowances: dict[ShopKey, Allowance] = {}
        self._lock = threading.Lock()

    def line(self, shop: ShopKey, purpose: Purpose) -> Line:
        """A line with a token that has not expired, refreshed when it soon does.

        Raises:
            NotAuthorized: a person must authorize the shop.
            MarketplaceError: the refresh failed; transient, or AuthorizationEnded.
            DatabaseError: the authorization cannot be read.
        """
        opened = self._opened(shop, purpose)
        if opened.access_expires_at - utc_now() < REFRESH_AHEAD:
            opened = self._refresh_ahead(shop, purpose, opened)
        return Line(
            marketplace=marketplace_for(
                opened.channel, http=self._clients.get(), base_url=opened.base_url
            ),
            access=opened.access,
            generation=opened.generation,
        )

    def read(self, shop: ShopKey, purpose: Purpose, request: Callable[[Line], T]) -> T:
        """Make a request that changes nothing; once more when its token was not taken.

        A marketplace may end a token before the time that it gave for it.

        Raises:
            NotAuthorized, MarketplaceError, DatabaseError: from ``line`` or from the request.
        """
        line = self.line(shop, purpose)
        try:
            return request(line)
        except TokenRejected:
            self.token_rejected(shop, purpose, line)
        return request(self.line(shop, purpose))

    def token_rejected(self, shop: ShopKey, purpose: Purpose, line: Line) -> None:
        """Replace a token that the marketplace did not take; raises as ``line`` does."""
        self._refresh(shop, purpose, line.generation)

    def _refresh_ahead(
        self, shop: ShopKey, purpose: Purpose, opened: OpenedAuthorization
    ) -> OpenedAuthorization:
        """While the old token still works, no passing trouble with the refresh stops a call."""
        try:
            self._refresh(shop, purpose, opened.generation)
        except (TransientError, OutcomeUnknown) as error:
            if opened.access_expires_at <= utc_now():
                raise
            logger.warning("a token will be refreshed later: %s", error.name)
            return opened
        return self._opened(shop, purpose)

    def _opened(self, shop: ShopKey, purpose: Purpose) -> OpenedAuthorization:
        key = (shop, purpose)
        now_s = self._monotonic_s()
        with self._lock:
            until_s, opened = self._known.get(key, (0.0, None))
        if opened is not None and now_s < until_s:
            return opened
        try:
            with self._database.read(shop.scope) as session:
                opened = open_authorization(session, self._box, shop.shop_id, purpose)
        except SecretError as error:
            # One shop's damaged credentials stop no other shop.
            logger.exception("credentials cannot be opened", extra={"shop": shop.shop_id})
            raise NotAuthorized(f"the credentials of shop {shop.shop_id} cannot be read") from error
        with self._lock:
            allowance = self._allowance(shop, opened)
            opened = replace(opened, access=replace(opened.access, allowance=allowance))
            self._known[key] = (now_s + _REMEMBERED_S, opened)
        return opened

    def _allowance(self, shop: ShopKey, opened: OpenedAuthorization) -> Allowance | None:
        """The same for all purposes and tokens of a shop; None where nothing is counted."""
        limits = capabilities_of(opened.channel, opened.access.country).daily_limits
        if limits and shop not in self._allowances:
            self._allowances[shop] = ShopAllowance(
                self._database, shop.organisation_id, shop.shop_id, limits
            )
        return self._allowances.get(shop)

    def forget(self, shop: ShopKey) -> None:
        """Read credentials anew, those of its organisation's other shops too: they may share."""
        with self._lock:
            for key in list(self._known):
                if key[0].organisation_id == shop.organisation_id:
                    del self._known[key]

    def _refresh(self, shop: ShopKey, purpose: Purpose, generation: int) -> None:
        self.forget(shop)
        if not self._take_lease(shop, purpose, generation):
            return
        opened = self._opened(shop, purpose)
        marketplace = marketplace_for(
            opened.channel, http=self._clients.get(), base_url=opened.base_url
        )
        try:
            tokens = marketplace.refresh(
                opened.access.app,
                shop_id=opened.access.shop_id,
                refresh_token=opened.refresh_token,
            )
        except AuthorizationEnded:
            metrics.TOKEN_REFRESHES.labels(opened.channel, "ended").inc()
            self._end(shop, purpose, generation, has_ended=True)
            raise
        except TransientError:
            metrics.TOKEN_REFRESHES.labels(opened.channel, "failed").inc()
            self._end(shop, purpose, generation, has_ended=False)
            raise
        self._store(shop, purpose, generation, tokens)
        metrics.TOKEN_REFRESHES.labels(opened.channel, "refreshed").inc()
        logger.info("token refreshed", extra={"shop": shop.shop_id, "purpose": purpose})

    def _take_lease(self, shop: ShopKey, purpose: Purpose, generation: int) -> bool:
        """False: the pair was replaced already. Raises RefreshUnderWay: somebody is at it."""

        def unit(session: Session) -> str:
            row = authorization(session, shop.shop_id, purpose)
            rows = holders_of_pair(session, self._box, shop.shop_id, purpose)
            now = database_now(session)
            if row.generation != generation:
                return "replaced"
            if any(one.refreshing_until and one.refreshing_until > now for one in rows):
                return "under way"
            for one in rows:
                one.refreshing_until = now + _REFRESH_LEASE
            return "taken"

        outcome = self._database.write(unit, shop.scope)
        if outcome == "under way":
            raise RefreshUnderWay(FailureClass.OUTAGE, "refresh_under_way", retry_after_s=1.0)
        return outcome == "taken"

    def _store(self, shop: ShopKey, purpose: Purpose, generation: int, tokens: Tokens) -> None:
        """Store a new pair, unless a person authorized the shop anew or ended it meanwhile."""
        now = utc_now()

        def unit(session: Session) -> None:
            row = authorization(session, shop.shop_id, purpose)
            rows = holders_of_pair(session, self._box, shop.shop_id, purpose)
            if row.generation != generation:
                return
            for one in rows:
                if one.state == AuthorizationState.AUTHORIZED:
                    store_tokens(
                        session,
                        self._box,
                        shop_id=one.shop_id,
                        purpose=Purpose(one.purpose),
                        tokens=tokens,
                        now=now,
                    )

        # The old refresh token is spent: only this pair is left.
        write_insisting(self._database, unit, shop.scope)
        self.forget(shop)

    def _end(self, shop: ShopKey, purpose: Purpose, generation: int, *, has_ended: bool) -> None:
        """End the lease of a refresh that brought no new pair.

        One whose outcome is unknown keeps its lease: its refresh token may be spent, and one more
        try after the lease settles that.
        """
        now = utc_now()

        def unit(session: Session) -> None:
            row = authorization(session, shop.shop_id, purpose)
            rows = holders_of_pair(session, self._box, shop.shop_id, purpose)
            if row.generation != generation:
                return
            for one in rows:
                one.refreshing_until = None
                if has_ended and one.state == AuthorizationState.AUTHORIZED:
                    one.state = AuthorizationState.EXPIRED
                    one.changed_at = now

        self._database.write(unit, shop.scope)
        self.forget(shop)
        logger.warning("no new token", extra={"shop": shop.shop_id, "ended": has_ended})
