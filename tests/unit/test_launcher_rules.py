"""What the launcher reads, compares and asks for, without any program running."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from launcher.errors import LauncherError, NoRoom, NotAsPromised
from launcher.evidence import TablePhoto, photos_of, photos_seen, preset_for, require_exactly
from launcher.folder import Folder
from launcher.hand_over import TypedText
from launcher.light import parse_light
from launcher.marketplace import Chat
from launcher.options import read_options
from launcher.ports import Ports
from tests.support.labelled_pictures import packed

NUMBER = "261018DEMO0001"
FIRST, SECOND, THIRD = (TablePhoto(packed("261018DEMO0001", chance)) for chance in (1, 2, 3))
BOTH = [FIRST, SECOND]


def in_chat(*photos: TablePhoto) -> bytes:
    """A picture as the cloud makes it of some photos."""
    sources = [Source(photo.data) for photo in photos]
    return chat_picture(sources, Form(max_bytes=900_000, max_side_px=2000))


def chat(
    texts: tuple[str, ...], pictures: tuple[bytes, ...], others: int = 0, not_shown: int = 0
) -> Chat:
    return Chat(texts=texts, pictures=pictures, others=others, not_shown=not_shown)


TEXT = preset_for(NUMBER)
ONE, TWO = in_chat(FIRST), in_chat(SECOND)


@pytest.mark.parametrize("pictures", [(ONE, TWO), (in_chat(FIRST, SECOND),)])
def test_text_and_each_photo_once_is_as_promised(pictures: tuple[bytes, ...]) -> None:
    """Each in a picture of its own, or both in one."""
    require_exactly(chat((TEXT,), pictures), NUMBER, BOTH)


@pytest.mark.parametrize("shown", [(THIRD, FIRST), (FIRST, SECOND, THIRD), (SECOND,)])
def test_photos_in_a_picture_are_told_apart(shown: tuple[TablePhoto, ...]) -> None:
    """All three are of the same parcel and label, which lie a little differently."""
    seen = photos_seen(chat((), (in_chat(*shown),)), [FIRST, SECOND, THIRD])
    assert seen == [one.sha256 for one in shown]


def test_a_photo_of_another_parcel_is_none_of_these() -> None:
    stranger = in_chat(TablePhoto(packed("261018DEMO0002", 1)))
    assert photos_seen(chat((), (stranger,)), [FIRST, SECOND, THIRD]) == ["unknown"]


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (chat((TEXT,), (ONE,)), "1 photos missing"),
        (chat((TEXT,), (ONE, TWO, ONE)), "1 photos twice or not of this order"),
        (chat((TEXT,), (ONE, TWO, in_chat(THIRD))), "1 photos twice or not of this order"),
        (chat((TEXT,), (ONE, in_chat(FIRST, SECOND))), "1 photos twice or not of this order"),
        (chat((TEXT,), (in_chat(FIRST, FIRST),)), "1 photos missing; 1 photos twice"),
        (chat((TEXT,), (in_chat(FIRST, THIRD), TWO)), "1 photos missing"),
        (chat((), (ONE, TWO)), "1 times the text is missing"),
        (chat((TEXT, TEXT), (ONE, TWO)), "1 texts too many"),
        (chat(("Hello",), (ONE, TWO)), "1 times the text is missing"),
        (chat((TEXT,), (ONE, TWO), others=1), "1 other messages"),
        (chat((TEXT,), (ONE, TWO), not_shown=1), "1 messages hidden"),
    ],
)
def test_anything_else_is_named(seen: Chat, problem: str) -> None:
    with pytest.raises(NotAsPromised, match=problem):
        require_exactly(seen, NUMBER, BOTH)


def test_without_photos_nothing_is_proven() -> None:
    with pytest.raises(NotAsPromised, match="no photo on the table's disk"):
        require_exactly(chat((TEXT,), ()), NUMBER, [])


def test_photos_are_found_by_their_names(tmp_path: Path) -> None:
    day = tmp_path / "photos" / "2026-10-18"
    day.mkdir(parents=True)
    (day / f"{NUMBER}_101500_1_aaaaaaaa.jpg").write_bytes(b"one")
    (day / f"{NUMBER}X_101501_2_bbbbbbbb.jpg").write_bytes(b"of another order")
    (day / f"{NUMBER}_101502_3_cccccccc.jpg.tmp").write_bytes(b"half")
    assert [photo.size_bytes for photo in photos_of(tmp_path, NUMBER)] == [3]


def test_a_line_of_the_light_is_taken_apart() -> None:
    light = parse_light("BLUE   ██··  1 photo - 261018X: 1 photo - Press F4\n", 5.0)
    assert light is not None
    assert (light.colour, light.strip, light.title) == ("BLUE", "██··", "1 photo")
    assert light.text == "261018X: 1 photo - Press F4"
    assert parse_light("Traceback (most recent call last):\n", 5.0) is None


def test_what_is_typed_is_shown_and_keys_are_not() -> None:
    typed = TypedText()
    shown = []
    for data in (b"261", b"\x7f", b"\x1bOP", b"X", b"\r", b"ab", b"\x1b"):
        typed.feed(data)
        shown.append(typed.text)
    assert shown == ["261", "26", "26", "26X", "", "ab", ""]


def test_the_command_line_comes_before_the_environment() -> None:
    surroundings = {"PACKWITNESS_WEB_PORT": "9001", "PACKWITNESS_BROKER_PORT": "9002"}
    options = read_options(["run", "--web-port", "9003"], surroundings)
    assert options.ports == Ports(web=9003, broker=9002)
    assert (options.data, options.camera.kind) == (Path(".run"), "demo")


@pytest.mark.parametrize(
    ("surroundings", "problem"),
    [
        ({"PACKWITNESS_WEB_PORT": "http"}, "PACKWITNESS_WEB_PORT: http is no port"),
        ({"PACKWITNESS_WEB_PORT": "70000"}, "70000 is no port"),
        ({"PACKWITNESS_CAMERA": "polaroid"}, "PACKWITNESS_CAMERA: polaroid is unknown"),
        ({"PACKWITNESS_PICTURES": "/no/such/folder"}, "/no/such/folder is no folder"),
    ],
)
def test_a_wrong_value_is_named(surroundings: dict[str, str], problem: str) -> None:
    with pytest.raises(LauncherError, match=problem):
        read_options(["run"], surroundings)


def test_a_full_disk_is_said_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100, 90, 10 * 1024**2))
    with pytest.raises(NoRoom, match=r"is full: 10 MB are free.*PACKWITNESS_RUN_DIR="):
        Folder(tmp_path).prepare()
