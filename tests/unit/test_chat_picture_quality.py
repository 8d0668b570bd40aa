"""What can still be read in a chat picture: the label's barcode, and the strip (measured)."""

import io
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from cloud.dispatcher.chat_pictures.strip import Strip
from cloud.marketplaces.registry import capabilities_of
from tests.support.chat_picture_cases import WORDS, codes_in, label_photo, made
from tests.support.labelled_pictures import packed

CODES = ("26112245ABCDEF", "26112245ABCDEG", "26112245ABCDEH")
SIDE_PX = capabilities_of("shopee", "MY").image_max_side_px
FINEST_PX = {1: 1.75, 2: 2.0, 3: 3.0}
"""The finest bars that are read at default settings, by how many photos are in the picture. The
photo itself is read from 1.75 px on; docs/chat-pictures.md has the whole table."""


@cache
def photos(module_px: float) -> tuple[bytes, ...]:
    return tuple(label_photo(code, module_px, chance) for chance, code in enumerate(CODES))


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_labels_still_decode_at_default_settings(count: int, strip: bool) -> None:
    jpeg = made(photos(FINEST_PX[count])[:count], SIDE_PX, strip=strip)
    assert codes_in(jpeg) == set(CODES[:count])
    assert len(jpeg) <= 900_000


@pytest.mark.parametrize("count", [1, 2, 3])
def test_labels_of_the_simulated_table_still_decode_when_joined(count: int) -> None:
    taken = [packed(code) for code in CODES[:count]]
    assert codes_in(made(taken, SIDE_PX, strip=True)) == set(CODES[:count])


def test_the_measurement_can_fail() -> None:
    assert codes_in(made(photos(FINEST_PX[3]), 600, strip=False)) == set()


# --- the strip ------------------------------------------------------------------------------------

LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ-:+"


def read_strip(picture: Image.Image, line: str, font: ImageFont.FreeTypeFont, top: int) -> str:
    """Each letter by itself, as the one of LETTERS that it looks most like."""
    grey, read = picture.convert("L"), ""
    for place, letter in enumerate(line):
        left = font.size // 3 + round(font.getlength(line[:place]))
        seen = grey.crop((left, top, left + round(font.size * 0.8), top + round(font.size * 1.2)))
        read += (
            letter if letter == " " else min(LETTERS, key=lambda one: _distance(seen, one, font))
        )
    return read


def _distance(seen: Image.Image, letter: str, font: ImageFont.FreeTypeFont) -> float:
    width = round(font.getlength(letter))
    drawn = Image.new("L", (width, seen.height), 255)
    ImageDraw.Draw(drawn).text((0, 0), letter, fill=0, font=font)
    pairs = zip(seen.crop((0, 0, width, seen.height)).tobytes(), drawn.tobytes(), strict=True)
    return sum((one - other) ** 2 for one, other in pairs) / width


@pytest.mark.parametrize(("count", "side_px"), [(1, 2000), (3, 2000), (1, 1280), (1, 800)])
def test_the_strip_reads_letter_for_letter(count: int, side_px: int) -> None:
    """From the JPEG itself, at the size it is sent in."""
    picture = Image.open(io.BytesIO(made(photos(3.0)[:count], side_px, strip=True)))
    strip = Strip(WORDS[:2], longest_side_px=side_px, font=None)
    lines = Strip(WORDS, longest_side_px=side_px, font=None).lines_within(picture.width)
    top = picture.height - strip.height_of(len(lines))
    font = ImageFont.load_default(side_px // 48)
    assert isinstance(font, ImageFont.FreeTypeFont)
    wanted = lines[0].upper().split("   TABLE")[0]
    assert wanted.startswith(WORDS[0])
    assert read_strip(picture, wanted, font, top + round(font.size // 3) // 2) == wanted


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 480)])
def test_letters_are_tall_and_black_on_white(size: tuple[int, int]) -> None:
    """A fiftieth of the longest side: 1.5 mm on a phone that shows the picture 75 mm long."""
    photo = io.BytesIO()
    Image.new("RGB", size, (90, 120, 100)).save(photo, "JPEG")
    form = Form(max_bytes=900_000, max_side_px=2000, words=(WORDS[0],))
    picture = Image.open(io.BytesIO(chat_picture([Source(photo.getvalue())], form))).convert("L")
    strip = picture.crop((0, size[1] + 2, picture.width, picture.height))
    rows = [min(strip.crop((0, y, strip.width, y + 1)).tobytes()) for y in range(strip.height)]
    inked = [y for y, darkest in enumerate(rows) if darkest < 60]
    assert inked[-1] - inked[0] + 1 >= 2000 / 48 * 0.6
    assert max(strip.tobytes()) > 245


def test_the_strip_is_part_of_the_longest_side() -> None:
    tall = io.BytesIO()
    Image.new("RGB", (1500, 3000)).save(tall, "JPEG")
    form = Form(max_bytes=900_000, max_side_px=1000, words=WORDS)
    assert max(Image.open(io.BytesIO(chat_picture([Source(tall.getvalue())], form))).size) <= 1000


def test_words_that_do_not_fit_beside_each_other_get_lines_of_their_own() -> None:
    strip = Strip(WORDS, longest_side_px=2000, font=None)
    assert len(strip.lines_within(1920)) == 1
    assert strip.lines_within(700) == [*WORDS[:2], WORDS[2]]
    assert strip.lines_within(260)[0].endswith("...")


def test_words_without_letters_in_the_font_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Boxes in place of letters would tell the buyer nothing."""
    strip = Strip(("26112245ABCDEF", "包裝台 3"), longest_side_px=1000, font=None)
    assert strip.lines_within(1000) == ["26112245ABCDEF"]
    assert "its font has no letters for them" in caplog.text


CJK = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc")


@pytest.mark.skipif(not CJK.exists(), reason="fonts-noto-cjk is not installed")
def test_a_font_of_ones_own_writes_what_it_has() -> None:
    strip = Strip(("包裝台 3",), longest_side_px=1000, font=CJK)
    assert strip.lines_within(1000) == ["包裝台 3"]
    drawn = strip.drawn(1000)
    assert drawn is not None
    assert min(drawn.convert("L").tobytes()) < 60


def test_without_words_there_is_no_strip() -> None:
    strip = Strip(("", ""), longest_side_px=1000, font=None)
    assert strip.drawn(1000) is None
    assert strip.height_of(0) == 0
