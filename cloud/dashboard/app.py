"""The pages as one application, to be mounted at the root of the program's web server."""

from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware

from cloud.dashboard.account import account_routes
from cloud.dashboard.account_codes import code_beginnings, code_ends
from cloud.dashboard.audit_page import audit_routes
from cloud.dashboard.audit_trail import AuditTrail
from cloud.dashboard.channels.authorizing import authorizing_routes
from cloud.dashboard.channels.connecting import connecting_routes
from cloud.dashboard.channels.listing import listing_routes
from cloud.dashboard.channels.preset import preset_routes
from cloud.dashboard.chat_log.bulk import bulk_routes
from cloud.dashboard.chat_log.export import export_routes
from cloud.dashboard.chat_log.needs_person import needs_person_routes
from cloud.dashboard.chat_log.not_sent import not_sent_routes
from cloud.dashboard.chat_log.page import log_routes
from cloud.dashboard.chat_log.views import view_routes
from cloud.dashboard.code_page import code_routes
from cloud.dashboard.deps import DashboardDeps
from cloud.dashboard.disputes.page import dispute_routes
from cloud.dashboard.error_pages import error_page, handle_errors
from cloud.dashboard.events import event_routes
from cloud.dashboard.evidence.holding import holding_routes
from cloud.dashboard.evidence.routes import evidence_routes
from cloud.dashboard.fulfillment.coming_in import coming_in_routes
from cloud.dashboard.fulfillment.following import following_routes
from cloud.dashboard.fulfillment.page import assistant_routes
from cloud.dashboard.fulfillment.phone import phone_routes
from cloud.dashboard.guard.chat import chat_routes
from cloud.dashboard.guard.entries import guard_routes
from cloud.dashboard.guard.webcam import webcam_routes
from cloud.dashboard.members.badges import member_badges
from cloud.dashboard.members.changing import member_forms
from cloud.dashboard.members.codes import required_code_routes
from cloud.dashboard.members.listing import member_routes
from cloud.dashboard.members.passwords import member_passwords
from cloud.dashboard.password_pages import password_routes
from cloud.dashboard.photos import photo_routes
from cloud.dashboard.privacy.buyers import buyer_routes
from cloud.dashboard.privacy.retention import retention_routes
from cloud.dashboard.proof import proof_routes
from cloud.dashboard.proof_forms import proof_forms
from cloud.dashboard.reports.export import report_files
from cloud.dashboard.reports.page import report_routes
from cloud.dashboard.security import Guard, security_headers
from cloud.dashboard.sheets.routes import sheet_routes
from cloud.dashboard.sign_in import language_routes, sign_in_routes, start_routes
from cloud.dashboard.site import Site
from cloud.dashboard.tables.changing import changing_routes, creating_routes
from cloud.dashboard.tables.claim import claim_routes
from cloud.dashboard.tables.listing import table_list_routes
from cloud.dashboard.tables.table_page import table_page_routes
from cloud.dashboard.workbench import workbench_routes

_SMALLEST_COMPRESSED_BYTES = 1000


class Dashboard:
    """The pages. Serve `app`; call `end_streams` when the web server is asked to stop.

    Open pages hold a stream of events each, which never ends by itself: a server that waits for
    its connections would wait for ever.
    """

    def __init__(self, deps: DashboardDeps) -> None:
        self._site = Site(deps)
        self.app = _application(self._site)

    def end_streams(self) -> None:
        """End all streams of events, now and from now on (any thread)."""
        self._site.live.close()


def routers(site: Site) -> tuple[APIRouter, ...]:
    """All routes of the pages."""
    return (
        start_routes(site),
        sign_in_routes(site),
        code_routes(site),
        password_routes(site),
        account_routes(site),
        code_beginnings(site),
        code_ends(site),
        required_code_routes(site),
        audit_routes(site),
        language_routes(site),
        workbench_routes(site),
        log_routes(site),
        bulk_routes(site),
        view_routes(site),
        export_routes(site),
        not_sent_routes(site),
        needs_person_routes(site),
        proof_routes(site),
        proof_forms(site),
        evidence_routes(site),
        holding_routes(site),
        dispute_routes(site),
        report_routes(site),
        report_files(site),
        photo_routes(site),
        retention_routes(site),
        buyer_routes(site),
        event_routes(site),
        listing_routes(site),
        connecting_routes(site),
        authorizing_routes(site),
        preset_routes(site),
        guard_routes(site),
        chat_routes(site),
        webcam_routes(site),
        assistant_routes(site),
        phone_routes(site),
        coming_in_routes(site),
        following_routes(site),
        table_list_routes(site),
        creating_routes(site),
        table_page_routes(site),
        changing_routes(site),
        claim_routes(site),
        member_routes(site),
        member_forms(site),
        member_passwords(site),
        member_badges(site),
        sheet_routes(site),
        site.assets.routes(),
    )


def _application(site: Site) -> FastAPI:
    app = FastAPI(
        title="Packwitness",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    headers = security_headers(site.deps.buyer_view_origin)
    handle_errors(app, site, headers)
    for routes in routers(site):
        app.include_router(routes)

    def refuse(request: Request, status: HTTPStatus) -> Response:
        return error_page(site, request, status)

    app.add_middleware(AuditTrail, database=site.database)
    # Streams of events, and what is compressed already, pass through as they are.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_SMALLEST_COMPRESSED_BYTES,
        exclude_content_types=("text/event-stream", "image/jpeg"),
    )
    app.add_middleware(Guard, headers=headers, public_origin=site.deps.public_origin, refuse=refuse)
    return app
