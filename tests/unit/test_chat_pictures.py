"""The picture that goes into a chat: a new JPEG, small enough, of the right part, and clean."""

import io
import random
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from cloud.dispatcher.chat_pictures.making import MOST_BYTES, Form, Source, chat_picture
from cloud.dispatcher.chat_pictures.reading import Area, StoredPicture
from cloud.dispatcher.chat_pictures.strip import moment
from cloud.dispatcher.errors import PictureRefused

HEIC = (Path(__file__).parents[1] / "fixtures/pictures/phone.heic").read_bytes()
"""640 x 480 as the sensor has it, turned by its EXIF, which names a place too."""
FORM = Form(max_bytes=900_000, max_side_px=2000)
SECRET = b"3.139003, 101.686855"
RED, GREEN, BLUE = (220, 30, 30), (30, 160, 60), (40, 60, 200)
WHITE = (255, 255, 255)
UTC_ZONE = ZoneInfo("UTC")


def quarters(size: tuple[int, int] = (400, 200)) -> Image.Image:
    """Red left above, blue right below, green elsewhere."""
    picture = Image.new("RGB", size, GREEN)
    width, height = size
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, height // 2, width, height), BLUE)
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    picture.load()
    return picture


def made(*photos: bytes, form: Form = FORM, area: Area | None = None) -> Image.Image:
    return opened(chat_picture([Source(one, area) for one in photos], form))


def looks_like(picture: Image.Image, at: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Whether the picture has about this colour at a place in parts of its sides."""
    pixel = picture.getpixel((int(at[0] * picture.width), int(at[1] * picture.height)))
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 40 for one, other in zip(pixel, colour, strict=True))


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = SECRET.decode()
    tags.get_ifd(0x8825).update({1: "N", 2: (3.0, 8.0, 20.0)})
    return tags.tobytes()


# --- clean ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 20), (400, 200), (3000, 1500)])
def test_nothing_of_the_file_goes_along_but_what_is_seen(size: tuple[int, int]) -> None:
    """Also a photo that would fit as it is: EXIF, comments and profiles stay behind."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = saved(quarters(size), exif=exif(1), comment=SECRET, icc_profile=profile)
    assert SECRET in photo
    jpeg = chat_picture([Source(photo)], FORM)
    assert SECRET not in jpeg
    picture = opened(jpeg)
    assert not picture.getexif()
    assert {"comment", "icc_profile", "exif"} & set(picture.info) == set()
    assert [name for name, _ in getattr(picture, "applist", [])] == ["APP0"]


def test_bytes_behind_a_picture_stay_behind() -> None:
    assert SECRET not in chat_picture([Source(saved(quarters()) + SECRET)], FORM)


def test_texts_in_a_png_stay_behind() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode())
    photo = saved(quarters(), "PNG", pnginfo=texts)
    assert SECRET in photo
    assert SECRET not in chat_picture([Source(photo)], FORM)


def test_the_photo_itself_is_not_touched() -> None:
    photo = saved(quarters(), exif=exif(6))
    before = bytes(photo)
    chat_picture([Source(photo)], FORM)
    assert photo == before


def test_the_same_photo_gives_the_same_picture() -> None:
    sources = [Source(saved(quarters()))] * 2
    assert chat_picture(sources, FORM) == chat_picture(sources, FORM)


@pytest.mark.parametrize(
    ("orientation", "red"),
    [(1, (0.1, 0.1)), (3, (0.9, 0.9)), (6, (0.9, 0.1)), (8, (0.1, 0.9))],
)
def test_a_turned_photo_stands_upright(orientation: int, red: tuple[float, float]) -> None:
    picture = made(saved(quarters(), exif=exif(orientation)))
    assert (picture.height > picture.width) == (orientation in (6, 8))
    assert looks_like(picture, red, RED)


def profile_with_red_and_blue_exchanged() -> bytes:
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
    for place in range(132, 132 + 12 * struct.unpack(">I", usual[128:132])[0], 12):
        name = usual[place : place + 4]
        usual = usual[:place] + names.get(name, name) + usual[place + 4 :]
    return usual


def test_colours_by_a_profile_of_their_own_look_the_same_without_it() -> None:
    """Phones write such profiles; a chat shows every picture as sRGB."""
    photo = saved(quarters(), icc_profile=profile_with_red_and_blue_exchanged())
    assert looks_like(made(photo), (0.1, 0.1), (60, 60, 220))


def test_a_broken_profile_changes_nothing() -> None:
    assert looks_like(made(saved(quarters(), icc_profile=b"broken")), (0.1, 0.1), RED)


# --- small enough ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side_px", [2000, 1280, 640])
def test_the_longest_side_is_as_set(side_px: int) -> None:
    form = Form(max_bytes=900_000, max_side_px=side_px)
    for size in ((4000, 3000), (3000, 4000)):
        assert max(made(saved(quarters(size)), form=form).size) == side_px


def test_a_small_photo_is_not_blown_up() -> None:
    assert made(saved(quarters((640, 480)))).size == (640, 480)


@pytest.mark.parametrize("most", [2_000_000, 900_000, 300_000, 60_000])
def test_a_picture_has_at_most_so_many_bytes(most: int) -> None:
    """Noise is what a JPEG can make least of; 900 kB holds whatever a marketplace allows."""
    noise = saved(Image.effect_noise((2600, 2600), 120).convert("RGB"), quality=90)
    jpeg = chat_picture([Source(noise)], Form(max_bytes=most, max_side_px=2600))
    assert len(jpeg) <= min(most, MOST_BYTES)
    opened(jpeg)


def test_a_picture_that_cannot_be_so_small_is_refused() -> None:
    noise = saved(Image.effect_noise((800, 800), 120).convert("RGB"))
    with pytest.raises(PictureRefused, match="cannot be made smaller than 900 bytes"):
        chat_picture([Source(noise)], Form(max_bytes=900, max_side_px=800))


# --- the packing area -----------------------------------------------------------------------------


def test_only_the_packing_area_is_shown() -> None:
    picture = made(saved(quarters((1000, 500))), area=Area(0.5, 0.5, 0.4, 0.5))
    assert picture.size == (400, 250)
    assert all(looks_like(picture, at, BLUE) for at in [(0.05, 0.05), (0.95, 0.95)])


def test_the_packing_area_is_of_the_photo_as_it_stands_upright() -> None:
    photo = saved(quarters((1000, 500)), exif=exif(6))
    picture = made(photo, area=Area(0.5, 0.0, 0.5, 0.5))
    assert picture.size == (250, 500)
    assert looks_like(picture, (0.5, 0.5), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("area", [None, Area(0.5, 0.25, 0.5, 0.5)], ids=["whole", "a part"])
def test_no_more_is_unpacked_than_is_shown_and_no_less(orientation: int, area: Area | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = saved(quarters((1600, 1200)), exif=exif)
    stored = StoredPicture(photo, area)
    whole = (1600, 1200) if orientation < 5 else (1200, 1600)
    assert stored.size == (whole if area is None else (whole[0] // 2, whole[1] // 2))
    enough = (stored.size[0] // 3, stored.size[1] // 3)
    assert stored.read(enough).size == (stored.size[0] // 2, stored.size[1] // 2)


def test_a_large_photo_is_cut_at_full_sharpness() -> None:
    picture = made(saved(quarters((6000, 4000))), area=Area(0.25, 0.25, 0.5, 0.5))
    assert picture.size == (2000, 1333)


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.floats(0.0001, 1), st.floats(0.0001, 1))
def test_any_area_shows_something(left: float, top: float, width: float, height: float) -> None:
    area = Area(left, top, min(width, 1 - left), min(height, 1 - top))
    assert min(made(saved(quarters((33, 17))), area=area).size) >= 1


# --- joined ---------------------------------------------------------------------------------------


def test_joined_photos_stand_in_their_order() -> None:
    photos = [saved(Image.new("RGB", (1920, 1080), colour)) for colour in (RED, GREEN, BLUE)]
    picture = made(*photos)
    assert max(picture.size) <= 2000
    assert looks_like(picture, (0.5, 0.1), RED)
    assert looks_like(picture, (0.5, 0.5), GREEN)
    assert looks_like(picture, (0.5, 0.9), BLUE)


def test_a_joined_picture_with_one_damaged_photo_is_refused() -> None:
    with pytest.raises(PictureRefused):
        made(saved(quarters()), b"\xff\xd8 damaged")


# --- what is accepted -----------------------------------------------------------------------------


def test_a_phones_heic_is_taken_upright() -> None:
    picture = made(HEIC)
    assert picture.size == (480, 640)
    assert looks_like(picture, (0.8, 0.2), (200, 40, 40))
    assert looks_like(picture, (0.2, 0.8), (40, 60, 180))
    assert not picture.getexif()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_png_of_any_kind_is_taken(mode: str) -> None:
    if mode == "I;16":
        photo = saved(Image.new("I;16", (40, 20), 200 * 256), "PNG")
        assert looks_like(made(photo), (0.5, 0.5), (200, 200, 200))
        return
    assert made(saved(quarters().convert(mode), "PNG")).size == (400, 200)


def test_what_is_see_through_becomes_white() -> None:
    assert looks_like(made(saved(Image.new("RGBA", (40, 40)), "PNG")), (0.5, 0.5), WHITE)


def test_a_jpeg_in_cmyk_is_taken() -> None:
    assert looks_like(made(saved(quarters().convert("CMYK"))), (0.1, 0.1), RED)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "WEBP", "ICO"])
def test_other_kinds_of_files_start_no_decoder(kind: str) -> None:
    with pytest.raises(PictureRefused, match="cannot be read as a picture"):
        made(saved(quarters(), kind))


@pytest.mark.parametrize("photo", [b"", b"no picture", b"\xff\xd8\xff\xe0", b"%!PS-Adobe"])
def test_what_is_no_picture_is_refused(photo: bytes) -> None:
    with pytest.raises(PictureRefused, match="cannot be read as a picture"):
        made(photo)


@pytest.mark.parametrize("photo", [saved(quarters()), saved(quarters(), "PNG"), HEIC])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_part_of_a_file_is_refused(photo: bytes, part: float) -> None:
    with pytest.raises(PictureRefused):
        made(photo[: int(len(photo) * part)])


def huge_png(side_px: int) -> bytes:
    """A few kilobytes that unpack to a square of black and white pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + (side_px + 7) // 8) * 100, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def huge_jpeg(side_px: int) -> bytes:
    """A small JPEG whose header claims to be a large one."""
    photo = saved(quarters())
    at = photo.index(b"\xff\xc0") + 5
    return photo[:at] + struct.pack(">HH", side_px, side_px) + photo[at + 4 :]


@pytest.mark.parametrize("photo", [huge_png(9000), huge_jpeg(9000)])
def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_by_name(photo: bytes) -> None:
    assert len(photo) < 10_000
    with pytest.raises(PictureRefused, match="9000 x 9000 pixels, more than 64 million"):
        made(photo)


def test_a_heic_that_kills_its_decoder_is_refused_and_nothing_else_happens() -> None:
    """These bytes end the process that decodes them, with libheif 1.23.0 at least."""
    chance, photo = random.Random(38), bytearray(HEIC)
    for _ in range(5):
        photo[chance.randrange(len(photo))] = chance.randrange(256)
    with pytest.raises(PictureRefused, match="HEIC photo is damaged"):
        made(bytes(photo))


@settings(max_examples=150)
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG"]))
def test_a_damaged_file_gives_a_picture_or_a_refusal(data: st.DataObject, kind: str) -> None:
    photo = bytearray(
        saved(quarters((64, 48)), kind, **({"exif": exif(6)} if kind == "JPEG" else {}))
    )
    places = st.lists(st.tuples(st.integers(0, len(photo) - 1), st.integers(0, 255)), max_size=8)
    for place, value in data.draw(places):
        photo[place] = value
    try:
        picture = made(bytes(photo), area=Area(0, 0, 1, 1))
    except PictureRefused:
        return
    assert max(picture.size) <= 2000


# --- times ----------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 22, 12, 0, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "zone", "text"),
    [
        ([], "UTC", ""),
        ([NOON], "UTC", "2026-11-22 12:00 UTC+00:00"),
        ([NOON], "Asia/Kuala_Lumpur", "2026-11-22 20:00 UTC+08:00"),
        ([NOON], "America/Sao_Paulo", "2026-11-22 09:00 UTC-03:00"),
        ([NOON, NOON.replace(minute=3), NOON], "UTC", "2026-11-22 12:00 - 12:03 UTC+00:00"),
        (
            [NOON, NOON.replace(day=23)],
            "UTC",
            "2026-11-22 12:00 - 2026-11-23 12:00 UTC+00:00",
        ),
    ],
)
def test_a_time_says_its_zone(times: list[datetime], zone: str, text: str) -> None:
    assert moment(times, ZoneInfo(zone)) == text
