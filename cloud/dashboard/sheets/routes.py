"""Sheets of a table: command and mode barcodes, and the card that explains the light (U-20)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cloud.accounts.roles import Deed
from cloud.dashboard.sheets import sheet_words
from cloud.dashboard.sheets.paper import Paper, bars_on
from cloud.dashboard.sheets.rhythms import RHYTHMS_MS, SHOWN_MS, lit_parts
from cloud.dashboard.signs import SIGNS
from cloud.dashboard.site import Site
from cloud.dashboard.visitors import Visitor
from cloud.fleet.command_codes import ACTION_CODES, MODE_CODES

PATH = "/sheets"


def sheet_routes(site: Site) -> APIRouter:
    """Routes of the sheets; badges have theirs beside members."""
    router = APIRouter()
    fleet = Depends(site.who_may(Deed.SEE_TABLES))

    @router.get(PATH)
    def choose(request: Request, visitor: Annotated[Visitor, fleet]) -> Response:
        papers = sheet_words.PAPERS
        return site.page(request, visitor, "sheets/choose.html", papers=papers)

    @router.get(f"{PATH}/commands")
    def commands(
        request: Request, visitor: Annotated[Visitor, fleet], paper: Paper = Paper.A4
    ) -> Response:
        codes = {
            word: (text, bars_on(paper, text)) for word, text in (ACTION_CODES | MODE_CODES).items()
        }
        return site.page(
            request,
            visitor,
            "sheets/commands.html",
            paper=paper.value,
            codes=codes,
            sheet_words=sheet_words,
        )

    @router.get(f"{PATH}/signs")
    def signs(request: Request, visitor: Annotated[Visitor, fleet]) -> Response:
        return site.page(
            request,
            visitor,
            "sheets/signs.html",
            signs=SIGNS,
            parts={name: lit_parts(rhythm) for name, rhythm in RHYTHMS_MS.items()},
            shown_ms=SHOWN_MS,
            sheet_words=sheet_words,
        )

    return router
