"""The reader of labels: what it leaves out, when it is loaded, and why there may be none."""

import io
import subprocess
import sys
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from edge.labels import factory
from edge.labels.factory import build_reader
from edge.labels.zxing import ZxingReader
from tests.support.labelled_pictures import as_jpeg, packed

ORDER = "220101AAAAAAAA"


def _printed(text: str, form: zxingcpp.BarcodeFormat) -> bytes:
    drawn = zxingcpp.create_barcode(text, form).to_image(scale=4, add_quiet_zones=True)
    picture = Image.new("L", (1920, 1080), 128)
    picture.paste(Image.fromarray(drawn), (300, 300))
    return as_jpeg(picture)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (zxingcpp.BarcodeFormat.EAN13, "4006381333931"),
        (zxingcpp.BarcodeFormat.EAN8, "96385074"),
        (zxingcpp.BarcodeFormat.UPCA, "036000291452"),
    ],
)
def test_codes_of_goods_are_left_out(form: zxingcpp.BarcodeFormat, text: str) -> None:
    """A carrier's number may look like one, so the printed form tells them apart."""
    assert ZxingReader().read(_printed(text, form)) == ()


def test_the_same_digits_on_a_label_are_read() -> None:
    assert ZxingReader().read(packed("4006381333931")) == ("4006381333931",)


def test_a_matrix_code_is_read_as_plain_text() -> None:
    picture = _printed(f"{ORDER}|1", zxingcpp.BarcodeFormat.QRCode)
    assert ZxingReader().read(picture) == (f"{ORDER}|1",)


def test_a_large_picture_is_halved_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    read = zxingcpp.read_barcodes

    def noting(image: Image.Image, **options: Any) -> Any:
        seen.append(image.size)
        return read(image, **options)

    monkeypatch.setattr(zxingcpp, "read_barcodes", noting)
    large = Image.new("L", (4608, 2592), 128)
    large.paste(Image.open(io.BytesIO(packed(ORDER))), (1000, 800))
    assert ZxingReader().read(as_jpeg(large)) == (ORDER,)
    assert seen == [(2304, 1296)]


def test_a_label_on_its_side_is_read() -> None:
    """Parcels do not lie straight."""
    picture = Image.open(io.BytesIO(packed(ORDER))).rotate(90, expand=True)
    assert ZxingReader().read(as_jpeg(picture)) == (ORDER,)


def test_nothing_is_loaded_before_the_first_picture() -> None:
    """The table's memory is small, and many a table never reads a label."""
    code = (
        "import sys, edge.daemon; from edge.labels.factory import build_reader;"
        "assert build_reader(wanted=True, has_patterns=True).reader;"
        "sys.exit('zxingcpp' in sys.modules or 'PIL.Image' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("wanted", "is_installed", "has_patterns", "why"),
    [
        (False, True, True, "packing.label_check"),
        (True, False, True, "not installed"),
        (True, True, False, "codes.order_patterns"),
    ],
)
def test_there_is_no_reader_and_it_says_why(
    monkeypatch: pytest.MonkeyPatch,
    wanted: bool,
    is_installed: bool,
    has_patterns: bool,
    why: str,
) -> None:
    monkeypatch.setattr(factory, "is_installed", lambda: is_installed)
    built = build_reader(wanted=wanted, has_patterns=has_patterns)
    assert built.reader is None
    assert why in built.choice


def test_a_reader_that_does_not_load_names_its_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ZxingReader().problem() == ""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    assert "zxingcpp" in ZxingReader().problem()


def test_a_reader_that_does_not_load_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    reader = ZxingReader()
    assert [reader.read(b"") for _ in range(3)] == [(), (), ()]
    assert len(caplog.records) == 1
