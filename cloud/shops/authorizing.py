"""Authorizing shops: to the marketplace's consent page and back with a pair of tokens."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated
from cloud.database.insisting import write_insisting
from cloud.database.scope import scoped
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.marketplaces.access import AppCredentials, GrantedShop, Tokens
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import Marketplace
from cloud.marketplaces.offers import find_offer
from cloud.marketplaces.registry import capabilities_of, marketplace_for
from cloud.shops.apps import OpenedApp, enter_app, open_app, purposes_of_app
from cloud.shops.asking import Wish, new_state, note_request, take_request
from cloud.shops.errors import NotAuthorized, NothingOffered, ShopOfAnother
from cloud.shops.gateway import ShopGateway, ShopKey
from cloud.shops.models import Shop
from cloud.shops.service import (
    NewShop,
    Purpose,
    add_shop,
    authorization,
    store_tokens,
    take_back_tokens,
)

logger = logging.getLogger(__name__)

OnAuthorized = Callable[[Session, int, datetime], None]
"""Told of each shop in the transaction that stores its tokens: what waits for it may go on."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of a consent: the shops that are authorized now."""

    wish: Wish
    shop_ids: tuple[int, ...]

    @property
    def is_another_shop(self) -> bool:
        """The seller was signed in at the marketplace with the account of another shop."""
        return self.wish.shop_id is not None and self.wish.shop_id not in self.shop_ids


class Authorizing:
    """The way there and back. One per process, shared by its threads."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        clients: HttpClients,
        gateway: ShopGateway,
        on_authorized: OnAuthorized,
        *,
        offers_unproven: bool = False,
    ) -> None:
        """``offers_unproven``: also where nothing has been sent yet (`marketplaces.offers`)."""
        self.offers_unproven = offers_unproven
        self._database = database
        self._box = box
        self._clients = clients
        self._gateway = gateway
        self._on_authorized = on_authorized

    def enter_app(
        self, organisation_id: int, *, channel: str, purpose: Purpose, app: AppCredentials
    ) -> None:
        """Keep the keys of the organisation's app. Raises DatabaseError."""

        def unit(session: Session) -> None:
            enter_app(session, self._box, channel=channel, purpose=purpose, app=app)

        self._database.write(unit, scoped(organisation_id))

    def link(self, organisation_id: int, member_id: int, wish: Wish, *, callback_url: str) -> str:
        """The marketplace's consent page for a wish; it may work for minutes only.

        Raises:
            AppMissing: the keys of the app have to be entered first.
            DatabaseError.
        """
        scope, state = scoped(organisation_id), new_state()

        def unit(session: Session) -> OpenedApp:
            app = open_app(session, self._box, wish.channel, wish.country, wish.purpose)
            note_request(session, wish, state=state, member_id=member_id, now=utc_now())
            return app

        app = self._database.write(unit, scope)
        marketplace = self._marketplace(wish, app)
        return marketplace.authorize_link(app.credentials, redirect_url=callback_url, state=state)

    def finish(self, organisation_id: int, channel: str, back: Mapping[str, str]) -> Returned:
        """Take the seller's query parameters and store what they bring.

        Raises:
            RequestUnknown: the state is not one of ours, or was used.
            ShopOfAnother: another organisation has one of the shops; it is not authorized here.
            NothingOffered: all shops of the account are where none can be connected.
            AppMissing, MarketplaceError, DatabaseError.
        """
        scope = scoped(organisation_id)
        now = utc_now()

        def take(session: Session) -> tuple[Wish, OpenedApp]:
            wish = take_request(session, state=back.get("state", ""), channel=channel, now=now)
            return wish, open_app(session, self._box, wish.channel, wish.country, wish.purpose)

        wish, app = self._database.write(take, scope)
        tokens = self._marketplace(wish, app).exchange_code(app.credentials, back)

        granted = self._offered(wish, tokens)

        def keep(session: Session) -> _Kept:
            return self._keep(session, wish, app.credentials, tokens, granted)

        try:
            # The code is spent: only this pair is left.
            kept = write_insisting(self._database, keep, scope)
            for shop_id in kept.shop_ids:
                self._learn(ShopKey(organisation_id, shop_id), kept)
        except ConstraintViolated as error:
            raise ShopOfAnother("another organisation has this shop") from error
        return Returned(wish, kept.shop_ids)

    def _marketplace(self, wish: Wish, app: OpenedApp) -> Marketplace:
        return marketplace_for(wish.channel, http=self._clients.get(), base_url=app.base_url)

    def _offered(self, wish: Wish, tokens: Tokens) -> list[GrantedShop]:
        """An account may have shops in countries that are not offered: those stay out."""
        granted = [
            shop
            for shop in tokens.shops
            if find_offer(
                wish.channel,
                shop.country or wish.country,
                with_unproven=self.offers_unproven,
            )
        ]
        if not granted:
            raise NothingOffered("the account has no shop where shops can be connected")
        return granted

    def _keep(
        self,
        session: Session,
        wish: Wish,
        app: AppCredentials,
        tokens: Tokens,
        granted: Sequence[GrantedShop],
    ) -> "_Kept":
        now = utc_now()
        purposes = purposes_of_app(session, wish.channel, app.app_id)
        shops = [_shop(session, wish, one, now) for one in granted]
        for shop in shops:
            for purpose in purposes:
                row = store_tokens(
                    session, self._box, shop_id=shop.id, purpose=purpose, tokens=tokens, now=now
                )
                row.ends_at = None
            self._on_authorized(session, shop.id, now)
        session.flush()
        return _Kept(tuple(shop.id for shop in shops), purposes)

    def _learn(self, key: ShopKey, kept: "_Kept") -> None:
        """Name, country and end; without them the shop works all the same.

        Raises ConstraintViolated, after its tokens are taken back: another organisation has the
        shop, in its true country.
        """
        self._gateway.forget(key)
        try:
            facts = self._gateway.read(
                key, kept.purposes[0], lambda line: line.marketplace.shop_facts(line.access)
            )
        except (MarketplaceError, NotAuthorized) as error:
            logger.warning("the shop's name is not known yet: %s", error, extra=_ids(key))
            return

        def unit(session: Session) -> None:
            shop = session.get_one(Shop, key.shop_id)
            if shop.name == shop.external_id:
                shop.name = facts.name
            shop.country = facts.country
            for purpose in kept.purposes:
                row = authorization(session, shop.id, purpose)
                row.ends_at = facts.authorization_ends_at

        try:
            self._database.write(unit, key.scope)
        except ConstraintViolated:
            self._database.write(
                lambda session: take_back_tokens(session, key.shop_id, kept.purposes), key.scope
            )
            self._gateway.forget(key)
            raise


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was stored: shops, and what their new pair is for."""

    shop_ids: tuple[int, ...]
    purposes: tuple[Purpose, ...]


def _shop(session: Session, wish: Wish, granted: GrantedShop, now: datetime) -> Shop:
    """The shop of a grant, added where it is new; it sends nothing until it is switched on."""
    country = granted.country or wish.country
    known = session.scalar(
        select(Shop).where(Shop.channel == wish.channel, Shop.external_id == granted.shop_id)
    )
    if known is not None:
        return known
    capabilities = capabilities_of(wish.channel, country)
    new = NewShop(
        channel=wish.channel,
        country=country,
        external_id=granted.shop_id,
        name=granted.name or granted.shop_id,
        sends_per_second=capabilities.sends_per_second,
    )
    return add_shop(session, new, now)


def _ids(key: ShopKey) -> dict[str, int]:
    return {"shop": key.shop_id}
