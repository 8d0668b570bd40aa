"""Deleting what is too old, organisation by organisation."""

import logging
from datetime import datetime

from sqlalchemy import select

from cloud import metrics
from cloud.accounts.models import Organisation
from cloud.database.errors import TransientDatabaseError
from cloud.database.scope import scoped, system
from cloud.database.write import Database
from cloud.photos.errors import PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.privacy.decisions import rule_of
from cloud.privacy.deleting import GoesOn, PhotoRetention, free_bytes
from cloud.privacy.kinds import Kind, cut_off

logger = logging.getLogger(__name__)


class Retention:
    """Goes over all organisations. What fails for one does not keep the others from theirs."""

    def __init__(self, database: Database, store: PhotoStore) -> None:
        self._database = database
        self._store = store

    def run(self, now: datetime, goes_on: GoesOn) -> None:
        """Delete what each organisation's rules let go of; end early when told to.

        Raises TransientDatabaseError when not even the organisations can be read.
        """
        with self._database.read(system("whose rules say what is too old")) as session:
            ids = session.scalars(select(Organisation.id).order_by(Organisation.id)).all()
        for organisation_id in ids:
            if not goes_on():
                return
            try:
                self._of(organisation_id, now, goes_on)
            except (PhotoStoreError, TransientDatabaseError) as error:
                if isinstance(error, PhotoStoreError):
                    metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
                logger.warning(
                    "old photos cannot be deleted now; again in an hour: %s",
                    error,
                    extra={"organisation": organisation_id},
                )

    def _of(self, organisation_id: int, now: datetime, goes_on: GoesOn) -> None:
        scope = scoped(organisation_id)
        with self._database.read(scope) as session:
            older_than = cut_off(rule_of(session, Kind.PHOTOS, now).days_now, now)
        if older_than is None:
            # What somebody deleted by hand may have been interrupted.
            free_bytes(self._database, self._store, scope, goes_on)
            return
        PhotoRetention(self._database, self._store, goes_on).run(scope, older_than, now)
