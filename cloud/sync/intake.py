"""Taking a marketplace's call to us in: whose it is, whether it is true, and into the inbox.

Nothing else is done here, for a marketplace waits half a second (marketplace-apis 2.6): what a push
means is worked off later.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cloud import metrics
from cloud.database.base import utc_now
from cloud.database.errors import ConstraintViolated
from cloud.database.scope import scoped, system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.marketplaces.errors import MalformedPush
from cloud.marketplaces.http_clients import HttpClients
from cloud.marketplaces.pushes import Push, Verification
from cloud.marketplaces.registry import marketplace_for
from cloud.shops.push_apps import PushApp, push_app
from cloud.sync.errors import OutsideWindow, UnknownAddress, WrongSignature
from cloud.sync.inbox import put_push

logger = logging.getLogger(__name__)

OLDEST = timedelta(hours=24)
"""TikTok Shop repeats a push for up to 16 hours."""
NEWEST = timedelta(hours=1)
"""Ahead of our clock; no longer than repeats are known for."""

_UNKNOWN_CALLER = system("whose push this is")


class PushIntake:
    """Takes pushes in. One per process, shared by its threads."""

    def __init__(
        self, database: Database, box: SecretBox, clients: HttpClients, public_url: str
    ) -> None:
        """``public_url``: the address under which marketplaces know us, as registered there."""
        self._database = database
        self._box = box
        self._clients = clients
        self._public_url = public_url.rstrip("/")

    def take(self, channel: str, push_id: str, raw_body: bytes, signature: str) -> None:
        """Keep a push that is signed, once; returns when it is stored.

        Raises:
            UnknownAddress, WrongSignature, OutsideWindow: it is not taken.
            MalformedPush: it is signed, and cannot be understood.
            DatabaseError: it cannot be stored now.
        """
        app = self._app(channel, push_id)
        try:
            kept = self._take(app, raw_body, signature)
        except (WrongSignature, OutsideWindow, MalformedPush) as error:
            _count(channel, type(error).__name__)
            logger.warning("a push is refused: %s", error, extra={"app": app.credential_id})
            raise
        _count(channel, "kept" if kept else "repeated")

    def _app(self, channel: str, push_id: str) -> PushApp:
        with self._database.read(_UNKNOWN_CALLER) as session:
            found = push_app(session, self._box, channel, push_id)
        if found is None:
            raise UnknownAddress("there is no such address")
        return found

    def _take(self, app: PushApp, raw_body: bytes, signature: str) -> bool:
        marketplace = marketplace_for(app.channel, http=self._clients.get(), base_url=app.base_url)
        if not marketplace.verify_push(
            app.credentials,
            callback_url=self._public_url + app.path,
            raw_body=raw_body,
            signature=signature,
        ):
            raise WrongSignature("it is not signed with this app's key for this address")
        if not raw_body:
            # Nothing is told, and the signature shows who tries us out.
            return False
        push = marketplace.read_push(raw_body)
        now = utc_now()
        _check_time(push, now)
        if isinstance(push.event, Verification):
            return False
        return self._store(app, push, raw_body, now)

    def _store(self, app: PushApp, push: Push, raw_body: bytes, now: datetime) -> bool:
        def unit(session: Session) -> bool:
            return put_push(session, app.credential_id, push, raw_body, now)

        try:
            # What decides is the constraint: nothing else has to be locked.
            return self._database.write(unit, scoped(app.organisation_id), locks=True)
        except ConstraintViolated:
            return False  # delivered twice at the same moment


def _check_time(push: Push, now: datetime) -> None:
    if push.told_at < now - OLDEST:
        raise OutsideWindow(f"it was told more than {OLDEST} ago")
    if push.told_at > now + NEWEST:
        raise OutsideWindow(f"it was told more than {NEWEST} from now")


def _count(channel: str, result: str) -> None:
    metrics.PUSHES.labels(channel, result).inc()
