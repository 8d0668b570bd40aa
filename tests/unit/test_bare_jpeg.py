"""Photos that fit go into the chat without being packed anew, and without their metadata."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from cloud.dispatcher.chat_pictures.bare import bare_jpeg

PLENTY = 10_000_000
NOTE = b"taken by Aisyah at table 3"


def noise(mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((160, 120), 90).convert(mode)


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    noise(mode).save(buffer, "JPEG", **{"quality": 90, **options})
    return buffer.getvalue()


def with_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = NOTE.decode()
    return jpeg(exif=exif)


NOTED, PROGRESSIVE = with_exif(), jpeg(progressive=True)


def bare(photo: bytes, max_bytes: int = PLENTY, max_side_px: int = 2000) -> bytes | None:
    return bare_jpeg(photo, max_bytes=max_bytes, max_side_px=max_side_px)


def pixels(photo: bytes) -> Image.Image:
    with Image.open(io.BytesIO(photo)) as file:
        return file.convert("RGB")


@pytest.mark.parametrize(
    "photo",
    [
        jpeg(),
        jpeg("L"),
        jpeg(progressive=True),
        jpeg(restart_marker_blocks=4),
        jpeg(comment=NOTE),
        with_exif(),
        with_exif() + b"\xff\xd8" + NOTE + b"\xff\xd9",
    ],
    ids=["plain", "grey", "progressive", "restarts", "comment", "exif", "something behind it"],
)
def test_the_picture_stays_and_all_else_goes(photo: bytes) -> None:
    made = bare(photo)
    assert made is not None
    assert NOTE not in made
    assert ImageChops.difference(pixels(photo), pixels(made)).getbbox() is None
    with Image.open(io.BytesIO(made)) as file:
        assert not file.getexif()
        assert "comment" not in file.info
    assert bare(made) == made


@pytest.mark.parametrize(
    "photo",
    [
        b"",
        b"\xff\xd8",
        b"no picture at all",
        jpeg()[:-2],
        jpeg()[: len(jpeg()) // 2],
        jpeg()[:200],
        with_exif(6),
        jpeg("CMYK"),
        jpeg(icc_profile=b"a profile"),
    ],
    ids=["nothing", "start", "text", "no end", "half", "head", "lies", "CMYK", "profile"],
)
def test_what_cannot_go_as_it_is_has_to_be_made_anew(photo: bytes) -> None:
    assert bare(photo) is None


@given(data=st.data(), cut=st.integers(0, 4000))
def test_no_file_is_more_than_it_can_read(data: st.DataObject, cut: int) -> None:
    photo = bytearray(NOTED[:cut] if cut < 3000 else PROGRESSIVE)
    places = st.lists(
        st.tuples(st.integers(0, max(0, len(photo) - 1)), st.integers(0, 255)), max_size=6
    )
    for place, value in data.draw(places) if photo else []:
        photo[place] = value
    made = bare(bytes(photo))
    assert made is None or (made.startswith(b"\xff\xd8") and made.endswith(b"\xff\xd9"))


def test_limits_count_after_the_metadata_is_gone() -> None:
    photo = with_exif()
    made = bare(photo)
    assert made is not None
    assert len(made) < len(photo)
    assert bare(photo, max_bytes=len(made)) == made
    assert bare(photo, max_bytes=len(made) - 1) is None
    assert bare(photo, max_side_px=160) == made
    assert bare(photo, max_side_px=159) is None
