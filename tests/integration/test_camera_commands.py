"""``packwitness-edge camera``: what a technician types; a simulated camera, and a Pi's double."""

import json
from pathlib import Path

import pytest
from PIL import Image

from edge.camera.factory import BuiltCamera, RealTable
from edge.camera.picamera2 import PiCamera
from edge.cli import main
from tests.support import fake_picamera2
from tests.support.manual_clock import ManualClock

TABLE = ["--set", "clock.trust=always", "--set", "camera.width=640", "--set", "camera.height=360"]


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    file = f"camera.calibration_file={tmp_path / 'camera.json'}"
    return [*TABLE, "--set", "camera.kind=simulated", "--set", file, "camera"]


def test_a_shot_is_a_picture_in_a_file(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "shot", str(tmp_path / "shot.jpg")]) == 0
    with Image.open(tmp_path / "shot.jpg") as picture:
        assert picture.size == (640, 360)
    assert "640 x 360" in capsys.readouterr().out


def test_a_shot_that_cannot_be_written_is_said(tmp_path: Path, command: list[str]) -> None:
    assert main([*command, "shot", str(tmp_path / "absent" / "shot.jpg")]) == 1


def test_a_calibration_is_kept_with_its_reference_picture(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "calibrate", "--yes", "--area", "10,10,80,80"]) == 0
    kept = json.loads((tmp_path / "camera.json").read_text(encoding="utf-8"))
    assert kept["area"] == {"left": 1000, "top": 1000, "width": 8000, "height": 8000}
    with Image.open(tmp_path / "camera-far.jpg") as picture:
        assert picture.size == (640, 360)
    assert "camera-far.jpg" in capsys.readouterr().out


def test_a_wrong_area_changes_nothing(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "calibrate", "--yes", "--area", "90,0,20,100"]) == 1
    assert "0 to 100" in capsys.readouterr().err
    assert not (tmp_path / "camera.json").exists()


def test_a_damaged_earlier_calibration_is_replaced(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "camera.json").write_text("half a file", encoding="utf-8")
    assert main([*command, "calibrate", "--yes"]) == 0
    assert "not used" in capsys.readouterr().out
    assert json.loads((tmp_path / "camera.json").read_text(encoding="utf-8"))["version"] == 1


class TestOfARaspberryPi:
    @pytest.fixture
    def board(self, monkeypatch: pytest.MonkeyPatch) -> fake_picamera2.FakeBoard:
        clock = ManualClock()
        board = fake_picamera2.FakeBoard(clock, lens_best=4.0)
        camera = PiCamera(
            device="auto",
            size=None,
            period_ms=40,
            controls={},
            library=lambda: board,
            encoder=fake_picamera2.encode,
            monotonic_ns=clock.monotonic_ns,
        )
        built = BuiltCamera(camera, RealTable(), "double")
        monkeypatch.setattr("edge.camera_commands.build_camera", lambda *_: built)
        monkeypatch.setattr("edge.cli.table_clock", lambda _: clock)
        return board

    def test_focus_and_light_are_found_and_the_camera_is_given_back(
        self, tmp_path: Path, command: list[str], board: fake_picamera2.FakeBoard
    ) -> None:
        near = ["--focus", "near", "--area", "0,50,100,50"]
        assert main([*command, "calibrate", "--yes", *near]) == 0
        kept = json.loads((tmp_path / "camera.json").read_text(encoding="utf-8"))
        assert kept["focus"]["near"]["lens_position"] == pytest.approx(4.0, abs=0.1)
        assert kept["light"]["exposure_us"] == 10_000
        assert (tmp_path / "camera-near.jpg").exists()
        assert board.device.closed

    def test_a_camera_that_the_table_has_is_said(
        self,
        command: list[str],
        board: fake_picamera2.FakeBoard,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        board.occupy()
        assert main([*command, "calibrate", "--yes"]) == 1
        assert "systemctl stop packwitness-edge" in capsys.readouterr().err

    def test_a_table_with_nothing_on_it_changes_nothing(
        self,
        tmp_path: Path,
        command: list[str],
        board: fake_picamera2.FakeBoard,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        board.lens_best = 1000.0
        assert main([*command, "calibrate", "--yes"]) == 1
        assert "nothing was changed" in capsys.readouterr().err
        assert not (tmp_path / "camera.json").exists()
        assert board.device.closed
