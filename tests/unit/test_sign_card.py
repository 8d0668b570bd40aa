"""The card for the wall is made from the table of signs."""

from pathlib import Path

import pytest

from edge.cli import main
from edge.indicator.card import lit_parts, sign_card
from edge.indicator.signs import SIGNS, Sign


@pytest.mark.parametrize("sign", list(Sign))
def test_every_sign_is_on_the_card(sign: Sign) -> None:
    look = SIGNS[sign]
    for text in (look.title, look.meaning, look.what_to_do):
        assert text.replace("'", "&#x27;") in sign_card()


def test_the_card_needs_nothing_else() -> None:
    assert "http" not in sign_card()
    assert "src=" not in sign_card()


@pytest.mark.parametrize("sign", list(Sign))
def test_bars_are_drawn_to_scale(sign: Sign) -> None:
    parts = lit_parts(SIGNS[sign], 4000)
    assert parts[0][0] == 0
    assert all(start + length <= 4000 for start, length in parts)
    rhythm = SIGNS[sign].rhythm_ms
    if len(rhythm) > 1 and rhythm[0] < 4000:
        assert parts[0][1] == rhythm[0]


def test_two_flashes_are_two_blocks() -> None:
    assert lit_parts(SIGNS[Sign.PHOTOS_2], 1900) == [(0, 200), (450, 200)]


def test_the_command_writes_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "card.html"
    assert main(["sign-card", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == sign_card()
    assert main(["sign-card", "--out", str(tmp_path / "none" / "card.html")]) == 1
    assert "No such file" in capsys.readouterr().err
