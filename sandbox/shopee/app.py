"""The stand-in marketplace as one web application."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from sandbox.pages.rendering import STATIC_FOLDER
from sandbox.shopee.buyer_pages import buyer_routes
from sandbox.shopee.consent import consent_routes
from sandbox.shopee.control import control_routes
from sandbox.shopee.errors import Refusal
from sandbox.shopee.platform import Platform, refused
from sandbox.shopee.receiving import receive


def build_app(platform: Platform) -> FastAPI:
    """All routes: control, pages, and the marketplace's interface below /api/."""
    app = FastAPI(title="Packwitness sandbox: Shopee", docs_url=None, redoc_url=None)
    app.add_exception_handler(Refusal, _refusal_response)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    app.include_router(control_routes(platform))
    app.include_router(consent_routes(platform.world))
    app.include_router(buyer_routes(platform.world))

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def marketplace(request: Request) -> Response:
        answer = await platform.answer(await receive(request))
        if answer.html is not None:
            return HTMLResponse(answer.html, answer.http_status)
        return JSONResponse(answer.envelope, answer.http_status, headers=answer.headers)

    return app


async def _refusal_response(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    answer = refused(error)
    return JSONResponse(answer.envelope, answer.http_status)
