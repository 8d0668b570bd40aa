"""A stand-in marketplace as one web application."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from sandbox.market.answer import Answer
from sandbox.market.buyer_pages import buyer_routes
from sandbox.market.control import control_routes
from sandbox.market.marketplace import AnyMarketplace
from sandbox.market.platform import AnyPlatform
from sandbox.market.receiving import receive
from sandbox.market.refusal import Refusal
from sandbox.pages.rendering import STATIC_FOLDER

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def build_app(marketplace: AnyMarketplace, platform: AnyPlatform) -> FastAPI:
    """All routes: control, pages, and last the marketplace's interface."""
    title = f"Packwitness sandbox: {marketplace.title}"
    app = FastAPI(title=title, docs_url=None, redoc_url=None)

    async def interface(request: Request) -> Response:
        too_big = platform.words.body_too_big
        return _response(await platform.answer(await receive(request, too_big=too_big)))

    async def refusal_on_a_page(_request: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            raise error
        return _response(platform.refused(error))

    app.add_exception_handler(Refusal, refusal_on_a_page)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    app.include_router(control_routes(marketplace, platform))
    app.include_router(marketplace.consent_routes(platform))
    app.include_router(buyer_routes(platform.world, marketplace.title))
    for path in marketplace.interface:
        app.add_api_route(path, interface, methods=METHODS)
    return app


def _response(answer: Answer) -> Response:
    if answer.html is not None:
        return HTMLResponse(answer.html, answer.http_status)
    return JSONResponse(answer.envelope, answer.http_status, headers=answer.headers)
