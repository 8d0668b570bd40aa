"""What the doctor says of a camera: rights, speed, calibration, sharpness."""

from pathlib import Path

import pytest

from edge.camera.calibration.file import save
from edge.camera.calibration.record import WHOLE, Calibration, Focus, FocusFound
from edge.clock import Clock
from edge.doctor.finding import Finding
from edge.doctor.subjects import camera
from edge.doctor.table import Table
from edge.settings import TableSettings
from edge.settings.devices import CameraSection
from edge.system_clock import SystemClock

CLOCK = SystemClock(always_synced=True)


def table_with(tmp_path: Path, clock: Clock = CLOCK, **settings: object) -> Table:
    section = CameraSection.model_validate(
        {
            "kind": "simulated",
            "width": 320,
            "height": 240,
            "period_ms": 10,
            "calibration_file": tmp_path / "camera.json",
            **settings,
        }
    )
    return Table(
        TableSettings(camera=section), clock, None, credentials_problem="", daemon_runs=False
    )


def calibrated(tmp_path: Path, sharpness: float, source: str = "simulated") -> None:
    found = Calibration(
        source=source,
        made_at=CLOCK.now().wall,
        area=WHOLE,
        focus={Focus.FAR: FocusFound(sharpness=sharpness)},
    )
    save(tmp_path / "camera.json", found, Focus.FAR, b"")


def looked(table: Table, devices: Path = Path("/nonexistent")) -> dict[str, Finding]:
    return {one.subject: one for one in camera.check(table, devices)}


def test_a_camera_without_calibration_is_fine_where_nothing_can_be_fixed(tmp_path: Path) -> None:
    found = looked(table_with(tmp_path))
    assert list(found) == ["camera"]
    assert found["camera"].ok
    assert "pictures a second" in found["camera"].text


def test_a_slow_camera_is_said(tmp_path: Path) -> None:
    found = looked(table_with(tmp_path, period_ms=250))
    assert not found["camera"].ok
    assert "4 pictures a second" in found["camera"].text


@pytest.mark.parametrize(("reference", "is_ok"), [(0.001, True), (1000.0, False)])
def test_sharpness_is_compared_with_the_day_of_calibration(
    tmp_path: Path, reference: float, is_ok: bool
) -> None:
    calibrated(tmp_path, reference)
    found = looked(table_with(tmp_path))
    assert found["camera calibration"].ok
    assert found["camera sharpness"].ok is is_ok
    assert is_ok or "camera-far.jpg" in found["camera sharpness"].to_do


def test_the_calibration_of_another_camera_is_said(tmp_path: Path) -> None:
    calibrated(tmp_path, 0.001, source="picamera2:imx708")
    assert "imx708" in looked(table_with(tmp_path))["camera sharpness"].text


def test_a_damaged_calibration_is_said_and_pictures_are_taken_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "camera.json").write_text("half", encoding="utf-8")
    found = looked(table_with(tmp_path))
    assert not found["camera calibration"].ok
    assert found["camera"].ok


def test_a_raspberry_pi_camera_wants_a_calibration_and_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = tmp_path / "dev"
    (devices / "dma_heap").mkdir(parents=True)
    (devices / "media0").touch()
    heap = devices / "dma_heap" / "linux,cma"
    heap.touch()
    table = table_with(tmp_path, kind="picamera2")
    found = looked(table, devices)
    assert found["camera rights"].ok
    assert not found["camera calibration"].ok
    assert "python3-picamera2" in found["camera"].text
    monkeypatch.setattr("edge.doctor.subjects.camera.os.access", lambda path, _: path != heap)
    assert "linux,cma" in looked(table, devices)["camera rights"].text
