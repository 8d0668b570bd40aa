"""Working off the inbox of pushes, and fetching those that got lost; any number of processes."""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated
from cloud.database.leases import end_lease, take_lease
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.marketplaces.errors import MalformedPush, MarketplaceError
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.interface import KeepsLostPushes, Marketplace
from cloud.marketplaces.registry import channels, default_base_url, marketplace_for
from cloud.shops.push_apps import PushApp, pushed_apps
from cloud.sync.inbox import TakenPush, finish_push, put_off_push, put_push, take_due
from cloud.sync.push_effects import Outcome, PushEffects

logger = logging.getLogger(__name__)

_INBOX = system("pushes of all organisations")
_BATCH = 10
_LASTS = timedelta(minutes=5)
"""How long nobody else looks at pushes that were taken; longer than a batch's requests."""
_MOST_TRIES = 8
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=5)
LOST_EVERY = timedelta(minutes=10)
_MOST_LOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class PushParts:
    """What pushes are worked off with."""

    database: Database
    box: SecretBox
    clients: HttpClients
    effects: PushEffects

    def marketplace(self, channel: str, base_url: str) -> Marketplace:
        """A marketplace for what asks nobody, or only for an app."""
        address = base_url or default_base_url(channel, "")
        return marketplace_for(channel, http=self.clients.get(), base_url=address)


class PushWork:
    """Works off what is in the inbox."""

    def __init__(self, parts: PushParts) -> None:
        self._parts = parts
        self._database = parts.database

    def work_off(self) -> int:
        """Work off some of what is due; how many.

        Raises:
            DatabaseError: what was taken is due again later.
        """
        taken = self._database.write(
            lambda session: take_due(session, _BATCH, _LASTS), _INBOX, locks=True
        )
        for push in taken:
            self._work_off(push)
        return len(taken)

    def _work_off(self, taken: TakenPush) -> None:
        try:
            outcome = self._outcome(taken)
        except MarketplaceError as error:
            if error.retry_helps and taken.tries < _MOST_TRIES:
                self._put_off(taken, error)
                return
            logger.warning("a push is given up: %s", error, extra=_ids(taken))
            outcome = Outcome.LEFT
        self._database.write(
            lambda session: finish_push(session, taken.id, outcome), scoped(taken.organisation_id)
        )
        logger.info("push worked off: %s", outcome, extra=_ids(taken))

    def _outcome(self, taken: TakenPush) -> Outcome:
        if taken.tries > _MOST_TRIES:
            # Whoever took it did not get to its end, again and again.
            return Outcome.LEFT
        marketplace = self._parts.marketplace(taken.channel, taken.base_url)
        try:
            push = marketplace.read_push(taken.raw_body)
        except MalformedPush as error:
            # It was understood when it came in: another version of the program has it now.
            logger.warning("a push is not understood any more: %s", error, extra=_ids(taken))
            return Outcome.UNREADABLE
        return self._parts.effects.work_off(taken, push)

    def _put_off(self, taken: TakenPush, error: MarketplaceError) -> None:
        asked = timedelta(seconds=error.retry_after_s or 0)
        wait = max(asked, min(_FIRST_PAUSE * 2**taken.tries, _LONGEST_PAUSE))
        self._database.write(
            lambda session: put_off_push(session, taken.id, wait), scoped(taken.organisation_id)
        )
        logger.info("a push is worked off later: %s", error, extra=_ids(taken))


class LostPushes:
    """Fetches what a marketplace could not deliver, in one process at a time."""

    def __init__(self, parts: PushParts) -> None:
        self._parts = parts
        self._database = parts.database
        self._holder = f"lost-pushes-{secrets.token_hex(8)}"

    def fetch(self) -> int:
        """Put the lost pushes of all apps into the inbox; how many were new.

        Raises:
            DatabaseError: what was not confirmed comes again.
        """
        with self._database.read(_INBOX) as session:
            apps = pushed_apps(session, self._parts.box, channels())
        return sum(self._fetch_in_turn(app) for app in apps)

    def _fetch_in_turn(self, app: PushApp) -> int:
        marketplace = self._parts.marketplace(app.channel, app.base_url)
        if not isinstance(marketplace, KeepsLostPushes) or not self._take(app):
            return 0
        try:
            return self._fetch(app, marketplace, marketplace)
        except MarketplaceError as error:
            logger.warning("lost pushes cannot be fetched: %s", error, extra=_app(app))
            return 0
        finally:
            self._let_rest(app)

    def _fetch(self, app: PushApp, marketplace: Marketplace, lost: KeepsLostPushes) -> int:
        count = 0
        for _ in range(_MOST_LOST_PAGES):
            page = lost.lost_pushes(app.credentials)
            if not page.last_id:
                break
            count += sum(self._keep(app, marketplace, raw) for raw in page.raw_bodies)
            # Only what is kept here may be forgotten there.
            lost.confirm_lost_pushes(app.credentials, page.last_id)
            if not page.has_more:
                break
        if count:
            logger.info("lost pushes fetched", extra={**_app(app), "pushes": count})
        return count

    def _keep(self, app: PushApp, marketplace: Marketplace, raw_body: bytes) -> bool:
        try:
            push = marketplace.read_push(raw_body)
        except MalformedPush as error:
            logger.warning("a lost push is not understood: %s", error, extra=_app(app))
            return False
        now = utc_now()

        def unit(session: Session) -> bool:
            return put_push(session, app.credential_id, push, raw_body, now)

        try:
            return self._database.write(unit, scoped(app.organisation_id))
        except ConstraintViolated:
            return False  # delivered after all, at this moment

    def _take(self, app: PushApp) -> bool:
        name = _lease(app)
        return self._database.write(
            lambda session: take_lease(session, name, self._holder, _LASTS), _INBOX
        )

    def _let_rest(self, app: PushApp) -> None:
        name, rest = _lease(app), LOST_EVERY * 0.9
        self._database.write(lambda session: end_lease(session, name, self._holder, rest), _INBOX)


def _lease(app: PushApp) -> str:
    return f"lost-pushes:{app.credential_id}"


def _ids(taken: TakenPush) -> dict[str, object]:
    return {"push": taken.id, "channel": taken.channel}


def _app(app: PushApp) -> dict[str, object]:
    return {"app": app.credential_id, "channel": app.channel}
