"""The sheet of barcodes: each is read back from its bars and means what stands below it."""

import re
from pathlib import Path

import pytest

from edge.cli import FAILED, main
from edge.code_sheet import code_sheet
from edge.events import Action
from edge.scanner.codes import Code, CodeKind, CodeRules, classify
from tests.support.code128 import read
from wire.messages import Mode

OWN = CodeRules(command_prefix="T1-", badge_prefix="WHO:")


def codes(page: str) -> list[str | None]:
    """What a scanner reads on the page."""
    return [_read(bars) for bars in re.findall(r"<svg.*?</svg>", page)]


def _read(bars: str) -> str | None:
    places = [
        (int(left), int(width)) for left, width in re.findall(r'x="(\d+)" width="(\d+)"', bars)
    ]
    lengths: list[int] = []
    end = places[0][0]
    for left, width in places:
        lengths += [left - end, width]
        end = left + width
    return read(lengths[1:])


def classes(rules: CodeRules, *badges: str) -> list[Code]:
    return [classify(code or "", rules) for code in codes(code_sheet(rules, badges))]


@pytest.mark.parametrize("rules", [CodeRules(), OWN])
def test_every_barcode_is_understood(rules: CodeRules) -> None:
    found = classes(rules, "Mei", "Siti A.")
    assert {one.action for one in found if one.kind is CodeKind.ACTION} == set(Action)
    assert {one.mode for one in found if one.kind is CodeKind.MODE} == set(Mode)
    assert [one.text for one in found if one.kind is CodeKind.BADGE] == ["Mei", "Siti A."]


def test_the_page_needs_nothing_else() -> None:
    page = code_sheet(CodeRules(), ["<b>"])
    assert "http" not in page
    assert "&lt;b&gt;" in page


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "codes.html"
    assert main(["--set", "codes.command_prefix=T1-", "code-sheet", "--out", str(out)]) == 0
    assert "T1-PHOTO" in codes(out.read_text(encoding="utf-8"))
    assert str(out) in capsys.readouterr().out


def test_a_name_that_no_barcode_carries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "codes.html"
    assert main(["code-sheet", "--out", str(out), "--badge", "\u9673"]) == FAILED
    assert "not printable as Code 128" in capsys.readouterr().err
    assert not out.exists()
