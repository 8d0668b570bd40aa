"""The role `web`: pages, enrolment of tables, and whether all is well."""

import socket
from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from cloud.accounts.models import Organisation
from cloud.api.enrolment import enrolment_routes, renewal_routes
from cloud.api.pushes import push_routes
from cloud.broker.mosquitto import Mosquitto
from cloud.conversations.outbox import wake_held
from cloud.dashboard.app import Dashboard
from cloud.dashboard.deps import DashboardDeps
from cloud.database.errors import DatabaseError
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.fleet.enrolment import Enrolment
from cloud.fleet.renewal import Renewal
from cloud.main.admission import BrokerAdmission
from cloud.main.broker_access import BrokerAccess
from cloud.main.parts import Parts
from cloud.main.web import WebServer
from cloud.shops.authorizing import Authorizing
from cloud.sync.intake import PushIntake

HEALTH_PATH = "/health"


def serve_pages(
    made: Parts,
    access: BrokerAccess,
    broker: Mosquitto | None,
    *,
    listening: socket.socket,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM. ``broker``: the embedded one, if this process runs it."""
    dashboard = _dashboard(made)
    app = FastAPI(title="Packwitness", docs_url=None, redoc_url=None, openapi_url=None)
    door = BrokerAdmission(access.as_tables_do(), broker)
    told = access.for_tables()
    app.include_router(enrolment_routes(Enrolment(made.database, told, door)))
    app.include_router(renewal_routes(Renewal(made.database, told, door)))
    app.include_router(push_routes(_push_intake(made)))
    add_health(app, made.database)
    app.mount("/", dashboard.app)
    server = WebServer(app, on_ready=on_ready, end_streams=dashboard.end_streams)
    server.run(sockets=[listening])


def add_health(app: FastAPI, database: Database) -> None:
    """For load balancers: 200 while pages can be served, else 503. It tells nothing else."""

    @app.get(HEALTH_PATH)
    def health() -> Response:
        try:
            with database.read(system("is the database there")) as session:
                session.scalar(select(Organisation.id).limit(1))
        except DatabaseError:
            return JSONResponse({"status": "no database"}, status_code=503)
        return JSONResponse({"status": "ok"})


def _push_intake(made: Parts) -> PushIntake:
    return PushIntake(made.database, made.box, made.clients, made.settings.web.own_url)


def _dashboard(made: Parts) -> Dashboard:
    settings = made.settings
    return Dashboard(
        DashboardDeps(
            database=made.database,
            photos=made.store,
            feed=made.feed,
            authorizing=Authorizing(
                made.database,
                made.box,
                made.clients,
                made.gateway,
                _let_go_on,
                offers_unproven=settings.marketplaces.offer_unproven,
            ),
            mails=made.mails,
            box=made.box,
            own_url=settings.web.own_url,
            public_url=settings.web.public_url,
            buyer_view_url=settings.buyer_view_url,
            on_death=made.on_death,
        )
    )


def _let_go_on(session: Session, shop_id: int, now: datetime) -> None:
    """What waited for a shop's authorization is looked at now."""
    wake_held(session, shop_id, now)
