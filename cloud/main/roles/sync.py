"""The role `sync`: reads orders, works off pushes, keeps authorizations, counts, mails, tidies."""

from datetime import timedelta

from cloud.dashboard.mail_texts import MailTexts
from cloud.mail.postman import Postman
from cloud.mail.smtp import SmtpCarrier
from cloud.main.errors import BadSettings
from cloud.main.housekeeping import Housekeeping
from cloud.main.parts import Parts
from cloud.sync.authorizations import AuthorizationKeeper
from cloud.sync.order_sync import OrderSync
from cloud.sync.orders import OrderReader, SyncSettings
from cloud.sync.pace import PacedReads
from cloud.sync.push_effects import PushEffects
from cloud.sync.push_work import LostPushes, PushParts, PushWork
from cloud.sync.push_worker import PushWorker
from cloud.sync.report_counter import ReportCounter


def order_sync(made: Parts) -> OrderSync:
    """The scheduled reading of orders."""
    given = made.settings.orders
    settings = SyncSettings(
        every=timedelta(seconds=given.every_s), first_window=timedelta(days=given.first_days)
    )
    reader = OrderReader(made.database, made.gateway, settings)
    return OrderSync(reader, settings, made.on_death)


def authorization_keeper(made: Parts) -> AuthorizationKeeper:
    """What renews tokens that nobody uses, and warns of authorizations that end."""
    return AuthorizationKeeper(made.database, made.gateway, made.mails, made.on_death)


def push_worker(made: Parts) -> PushWorker:
    """Works off what marketplaces tell by themselves."""
    reads = PacedReads(made.database, made.gateway)
    parts = PushParts(made.database, made.box, made.clients, PushEffects(made.database, reads))
    return PushWorker(PushWork(parts), LostPushes(parts), reads.stop, made.on_death)


def postman(made: Parts) -> Postman:
    """Sends mails. Raises BadSettings: no mail server is set, or its password cannot be read."""
    server = made.settings.mail.server()
    if server is None:
        raise BadSettings("setting mail.host is empty: there is nobody to send mails by")
    texts = MailTexts(made.settings.web.own_url)
    return Postman(made.database, made.box, SmtpCarrier(server), texts, made.on_death)


def housekeeping(made: Parts) -> Housekeeping:
    """What is tidied, and deleted by its age, once an hour. Raises PermanentPhotoStoreError."""
    return Housekeeping(made.database, made.store, made.on_death)


def report_counter(made: Parts) -> ReportCounter:
    """What counts for the reports."""
    return ReportCounter(made.database, made.on_death)
