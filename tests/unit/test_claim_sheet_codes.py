"""The codes of a claim sheet are read back as they were written, and fit on its paper."""

import re

import pytest
import zxingcpp
from PIL import Image

from cloud.dashboard.barcodes import Bars, bar_code, square_code
from cloud.fleet.claim_sheet import SheetTexts, can_stand_on_a_sheet
from cloud.fleet.errors import NoSheetAddress
from wire.claim_sheet import LONGEST_URL, read_claim_text

CODE = "ABCDE-FGHJK-LMNPQ-RSTUV"
PATH_STEP = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z")


def address(length: int) -> str:
    name = "https://"
    return name + "a" * (length - len(name) - len(".example.com")) + ".example.com"


def read(bars: Bars) -> list[str]:
    """What a reader makes of the drawing, three pixels a module."""
    image = Image.new("L", (bars.width, bars.height), 255)
    steps = PATH_STEP.findall(bars.path)
    assert "".join(f"M{x} {y}h{w}v{h}h-{w}Z" for x, y, w, h in steps) == bars.path
    for x, y, width, height in (map(int, step) for step in steps):
        image.paste(0, (x, y, x + width, y + height))
    bigger = image.resize((bars.width * 3, bars.height * 3), Image.Resampling.NEAREST)
    return [one.text for one in zxingcpp.read_barcodes(bigger)]


@pytest.mark.parametrize("length", [24, 40, 64, LONGEST_URL])
def test_a_square_code_holds_address_and_code(length: int) -> None:
    texts = SheetTexts.of(address(length), CODE)
    drawn = square_code(texts.whole)
    assert read(drawn) == [texts.whole]
    said = read_claim_text(texts.whole)
    assert (said.server_url, said.claim_code) == (address(length), CODE)
    assert drawn.width_mm < 70


@pytest.mark.parametrize("length", [24, 40, 56])
def test_codes_of_bars_hold_one_each_and_fit_on_the_paper(length: int) -> None:
    texts = SheetTexts.of(address(length), CODE)
    for text in (texts.server_barcode, texts.claim_barcode):
        drawn = bar_code(text)
        assert drawn is not None
        assert read(drawn) == [text]
        assert drawn.width_mm <= 178
        assert drawn.width_mm / drawn.width >= 0.21


def test_an_address_that_is_too_long_for_bars_has_none() -> None:
    assert bar_code(SheetTexts.of(address(LONGEST_URL), CODE).server_barcode) is None


@pytest.mark.parametrize(
    ("server", "can"),
    [
        ("https://packing.example.com", True),
        ("https://packing.example.com:8443/", True),
        ("http://127.0.0.1:8080", True),
        ("http://192.168.1.10:8080", False),
        ("http://packing.example.com", False),
    ],
)
def test_only_where_tables_enrol_is_there_a_sheet(server: str, can: bool) -> None:
    assert can_stand_on_a_sheet(server) is can
    if not can:
        with pytest.raises(NoSheetAddress, match="https"):
            SheetTexts.of(server, CODE)


def test_no_text_of_a_sheet_shows_its_code() -> None:
    """Invariant 9."""
    assert "ABCDE" not in repr(SheetTexts.of("https://packing.example.com", CODE))
