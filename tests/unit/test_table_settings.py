"""Settings of a table: order of sources, origins, and errors that name the place."""

from pathlib import Path

import pytest

from edge.errors import SettingsError
from edge.rules.settings import PackingSettings
from edge.settings import TableSettings
from edge.settings.handed_on import packing_settings
from edge.settings_loading import load

FILE = """\
# a table
[camera]
kind = "simulated"
width = 1280

[packing]
send_delay_s = 0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "table.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def _origin(loaded_file: Path | None, name: str, *assignments: str) -> tuple[str, str]:
    lines = {line.name: line for line in load(loaded_file, assignments).lines()}
    return lines[name].value, lines[name].origin


def test_file_before_default(file: Path) -> None:
    assert _origin(file, "camera.width") == ("1280", f"{file}:4")
    assert _origin(file, "packing.send_delay_s") == ("0.0", f"{file}:7")
    assert _origin(file, "camera.height") == ("1080", "default")


def test_environment_before_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKWITNESS_EDGE_CAMERA__WIDTH", "640")
    assert _origin(file, "camera.width") == ("640", "PACKWITNESS_EDGE_CAMERA__WIDTH")
    assert _origin(file, "camera.kind") == ("simulated", f"{file}:3")


def test_command_line_before_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKWITNESS_EDGE_CAMERA__WIDTH", "640")
    assert _origin(file, "camera.width", "camera.width=800") == ("800", "command line")
    assert _origin(file, "camera.device", "camera.device=/dev/video9")[0] == "/dev/video9"
    assert _origin(file, "input.kinds", 'input.kinds=["simulated"]')[0] == "simulated"


def test_a_table_without_file_has_the_defaults() -> None:
    settings = load(None, []).settings
    assert settings == TableSettings()
    assert packing_settings(settings) == PackingSettings()


@pytest.mark.parametrize("name", [line.name for line in load(None, []).lines()])
def test_every_setting_is_described(name: str) -> None:
    line = next(line for line in load(None, []).lines() if line.name == name)
    assert line.description
    for unit in ("ms", "s", "bytes", "days"):
        if name.endswith(f"_{unit}"):
            assert unit in line.description.replace(",", " ").split()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[camera]\nwidth = "wide"\n', "table.toml:2: camera.width: "),
        ("[camera]\n\nwidht = 640\n", "table.toml:3: camera.widht: there is no such setting"),
        ("[cameras]\nkind = 1\n", "cameras: there is no such setting"),
        ("[camera]\nkind = 'film'\n", "table.toml:2: camera.kind: "),
        ("[codes]\norder_patterns = ['[']\n", "codes.order_patterns.0: "),
        ("[packing]\nmax_photos = 4\n", "table.toml:2: packing.max_photos: "),
        ("camera.width = 1\n", "table.toml:1: camera.width: "),
        ("[camera\n", "table.toml: is no TOML: "),
        ("[uplink]\nkeepalive_s = 10\n", "table.toml:2: uplink.keepalive_s: "),
    ],
)
def test_a_wrong_file_names_field_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path, [])
    assert said in str(caught.value)


def test_every_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text("[camera]\nwidth = 1\nheight = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path, [])
    assert len(str(caught.value).splitlines()) == 2


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKWITNESS_EDGE_CAMERA__WIDTH", "wide")
    with pytest.raises(SettingsError, match=r"CAMERA__WIDTH: camera\.width: "):
        load(None, [])


@pytest.mark.parametrize("assignment", ["camera.width", "width=3", "=3"])
def test_a_wrong_assignment_says_how_to_write_it(assignment: str) -> None:
    with pytest.raises(SettingsError, match=r"section\.name=value"):
        load(None, [assignment])


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", [])
