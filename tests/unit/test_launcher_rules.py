"""What the launcher reads, compares and asks for, without any program running."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from launcher.errors import LauncherError, NoRoom, NotAsPromised
from launcher.evidence import TablePhoto, photos_of, preset_for, require_exactly
from launcher.folder import Folder
from launcher.hand_over import TypedText
from launcher.light import parse_light
from launcher.marketplace import Chat
from launcher.options import read_options
from launcher.ports import Ports

NUMBER = "261018DEMO0001"
FIRST, SECOND = TablePhoto("a" * 64, 1), TablePhoto("b" * 64, 2)


def chat(
    texts: tuple[str, ...], photos: tuple[str, ...], others: int = 0, not_shown: int = 0
) -> Chat:
    return Chat(texts=texts, photos=photos, others=others, not_shown=not_shown)


TEXT = preset_for(NUMBER)
BOTH = (FIRST.sha256, SECOND.sha256)


def test_text_and_each_photo_once_is_as_promised() -> None:
    require_exactly(chat((TEXT,), BOTH), NUMBER, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (chat((TEXT,), BOTH[:1]), "1 photos missing"),
        (chat((TEXT,), (*BOTH, BOTH[0])), "1 photos twice or not of this order"),
        (chat((TEXT,), (*BOTH, "c" * 64)), "1 photos twice or not of this order"),
        (chat((), BOTH), "1 times the text is missing"),
        (chat((TEXT, TEXT), BOTH), "1 texts too many"),
        (chat(("Hello",), BOTH), "1 times the text is missing"),
        (chat((TEXT,), BOTH, others=1), "1 other messages"),
        (chat((TEXT,), BOTH, not_shown=1), "1 messages hidden"),
    ],
)
def test_anything_else_is_named(seen: Chat, problem: str) -> None:
    with pytest.raises(NotAsPromised, match=problem):
        require_exactly(seen, NUMBER, [FIRST, SECOND])


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
