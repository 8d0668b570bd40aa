"""``packwitness-cloud serve``: everything in one process, built here and nowhere else."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI

from cloud.api.enrolment import enrolment_routes
from cloud.broker.mosquitto import Mosquitto
from cloud.dashboard.app import Dashboard
from cloud.dashboard.deps import DashboardDeps
from cloud.database.feed import ChangeFeed
from cloud.database.scope import system
from cloud.database.secrets import SecretBox
from cloud.database.write import Database
from cloud.dispatcher.advice import Adviser
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.dispatcher.settings import DispatcherSettings
from cloud.fleet.broker_password import broker_hash
from cloud.fleet.enrolment import BrokerAddress, Enrolment
from cloud.fleet.service import broker_users
from cloud.link.service import Link
from cloud.link.settings import LinkSettings
from cloud.main.admission import BrokerAdmission
from cloud.main.housekeeping import Housekeeping
from cloud.main.opening import basics, photo_store_tried_out
from cloud.main.process import end_process
from cloud.main.settings import CloudSettings
from cloud.main.web import WebServer, listen
from cloud.marketplaces.http_clients import HttpClients
from cloud.photos.store import PhotoStore
from cloud.shops.gateway import ShopGateway
from cloud.sync.orders import OrderReader, OrderSync, SyncSettings

logger = logging.getLogger(__name__)

_LINK_READY_S = 15.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rest is built from."""

    settings: CloudSettings
    database: Database
    store: PhotoStore
    feed: ChangeFeed
    box: SecretBox
    gateway: ShopGateway


@contextmanager
def parts(settings: CloudSettings) -> Iterator[Parts]:
    """Open database, photo store and keys; the caller holds the data folder's lock."""
    with ExitStack() as stack:
        made = stack.enter_context(basics(settings))
        database, box = made.database, made.box
        feed = ChangeFeed(database, on_death=end_process)
        stack.callback(feed.close)
        clients = HttpClients()
        stack.callback(clients.close)
        yield Parts(
            settings=settings,
            database=database,
            store=photo_store_tried_out(settings),
            feed=feed,
            box=box,
            gateway=ShopGateway(database, box, clients),
        )


def serve(settings: CloudSettings, on_ready: Callable[[], None]) -> None:
    """Run until SIGINT or SIGTERM; then finish what is in work and end.

    Raises StartError, BrokerError, DatabaseError or PhotoStoreError when it cannot start.
    """
    listening = listen(settings.web.host, settings.web.port)
    with listening, parts(settings) as made, ExitStack() as stack:
        broker_password = settings.broker.password.get_secret_value() or secrets.token_urlsafe(32)
        broker = _broker(made, broker_password)
        if broker is not None:
            broker.start()
            stack.callback(broker.stop)
        asking = OrderAsking(made.database, made.gateway)
        link_settings = _link_settings(made, broker_password)
        link = _link(made, link_settings, Adviser(made.database, asking))
        dispatcher = _dispatcher(made)
        sync_settings = SyncSettings()
        reader = OrderReader(made.database, made.gateway, sync_settings)
        order_sync = OrderSync(reader, sync_settings, end_process)
        housekeeping = Housekeeping(made.database, end_process)
        for service in (housekeeping, dispatcher, order_sync, link):
            service.start()
            stack.callback(service.stop)
        # Loops wait for news; closing the feed first lets each of them end at once.
        stack.callback(made.feed.close)
        if not link.wait_connected(_LINK_READY_S):
            logger.warning("the broker has not accepted the cloud yet; trying on")
        dashboard = _dashboard(made)
        app = _web(made, BrokerAdmission(link_settings, broker), dashboard)
        server = WebServer(app, on_ready=on_ready, end_streams=dashboard.end_streams)
        server.run(sockets=[listening])


def _broker(made: Parts, password: str) -> Mosquitto | None:
    settings = made.settings.broker
    if not settings.embedded:
        return None
    own = (settings.username, broker_hash(password))

    def users() -> list[tuple[str, str]]:
        with made.database.read(system("who may connect to the broker")) as session:
            return [own, *broker_users(session)]

    return Mosquitto(
        made.settings.data_dir / "broker", host=settings.host, port=settings.port, users=users
    )


def _link_settings(made: Parts, password: str) -> LinkSettings:
    broker = made.settings.broker
    return LinkSettings(
        host=broker.host,
        port=broker.port,
        username=broker.username,
        password=password,
        tls=broker.tls,
        ca_file=broker.ca_file,
    )


def _link(made: Parts, settings: LinkSettings, adviser: Adviser) -> Link:
    return Link(
        settings,
        database=made.database,
        store=made.store,
        feed=made.feed,
        ask_for_dispatch=ask_for_dispatch,
        advise=adviser.advise,
        on_death=end_process,
    )


def _dispatcher(made: Parts) -> Dispatcher:
    sending = made.settings.sending
    return Dispatcher(
        database=made.database,
        store=made.store,
        feed=made.feed,
        gateway=made.gateway,
        settings=DispatcherSettings(
            senders=sending.senders,
            request_deadline_s=sending.request_deadline_s,
            wait_for_order=timedelta(seconds=sending.wait_for_order_s),
            too_old=timedelta(hours=sending.too_old_hours),
            held_release=timedelta(hours=sending.held_release_hours),
            settle=timedelta(seconds=sending.settle_s),
        ),
        on_death=end_process,
    )


def _dashboard(made: Parts) -> Dashboard:
    settings = made.settings
    return Dashboard(
        DashboardDeps(
            database=made.database,
            photos=made.store,
            feed=made.feed,
            public_url=settings.web.public_url,
            buyer_view_url=settings.buyer_view_url,
            on_death=end_process,
        )
    )


def _web(made: Parts, door: BrokerAdmission, dashboard: Dashboard) -> FastAPI:
    settings = made.settings.broker
    app = FastAPI(title="Packwitness", docs_url=None, redoc_url=None, openapi_url=None)
    address = BrokerAddress(
        host=settings.tables_host or settings.host,
        port=settings.tables_port or settings.port,
        tls=settings.tls,
    )
    app.include_router(enrolment_routes(Enrolment(made.database, address, door)))
    app.mount("/", dashboard.app)
    return app
