"""Calibration: the search for focus, light at rest, the packing area, the file."""

import io
import math
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from edge.camera.calibration.area import (
    AreaProblem,
    area_of,
    box_of,
    changed_area,
    reference_picture,
)
from edge.camera.calibration.file import load, reference_path, save
from edge.camera.calibration.focus import NothingToFocusOn, find_peak, plateau_middle
from edge.camera.calibration.light import bands_problem, is_at_rest, reading
from edge.camera.calibration.procedure import Technician, Wishes, calibrate
from edge.camera.calibration.record import (
    WHOLE,
    Calibration,
    CalibrationDamaged,
    Focus,
    FocusFound,
    LightFound,
    Mains,
    controls_of,
)
from edge.camera.calibration.subjects import PiSubject, PlainSubject
from edge.camera.picamera2 import PiCamera
from edge.camera.simulated import SimulatedCamera
from tests.support import fake_picamera2
from tests.support.manual_clock import ManualClock
from wire.messages import Area

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LIGHT = LightFound(exposure_us=20_000, analogue_gain=1.5, colour_gains=(1.8, 2.1))


class TestFocus:
    @pytest.mark.parametrize("best", [0.4, 2.5, 7.31, 13.9])
    def test_the_sharpest_position_is_found_in_few_tries(self, best: float) -> None:
        tries: list[float] = []

        def measure(position: float) -> float:
            tries.append(position)
            return 10 + 100 * math.exp(-(((position - best) / 0.7) ** 2))

        peak = find_peak(measure, 0.0, 15.0)
        assert peak.position == pytest.approx(best, abs=0.06)
        assert not peak.is_at_end
        assert len(tries) == len(set(tries)) < 50

    def test_noise_does_not_lead_it_astray(self) -> None:
        chance = random.Random(5)
        peak = find_peak(
            lambda position: (10 + 100 / (1 + (position - 4) ** 2)) * chance.uniform(0.97, 1.03),
            0.0,
            15.0,
        )
        assert peak.position == pytest.approx(4, abs=0.3)

    def test_of_a_flat_top_it_takes_the_middle(self) -> None:
        figures = {1.0: 50.0, 2.0: 99.0, 3.0: 100.0, 4.0: 99.0, 5.0: 99.5, 6.0: 60.0}
        assert plateau_middle(figures) == 3.5

    def test_a_top_at_the_end_of_the_reach_is_said(self) -> None:
        assert find_peak(lambda position: 1 + position**3, 0.0, 10.0).is_at_end

    def test_a_bare_table_is_refused(self) -> None:
        with pytest.raises(NothingToFocusOn):
            find_peak(lambda position: 10 + position / 100, 0.0, 15.0)


class TestLight:
    def test_it_rests_when_the_last_frames_are_equal(self) -> None:
        moving = [LIGHT.model_copy(update={"exposure_us": 10_000 + 900 * n}) for n in range(12)]
        assert not is_at_rest(moving)
        assert not is_at_rest([LIGHT] * 7)
        assert is_at_rest([*moving, *[LIGHT] * 8])

    def test_colours_have_to_rest_too(self) -> None:
        turning = [LIGHT.model_copy(update={"colour_gains": (1.5 + n / 20, 2.0)}) for n in range(8)]
        assert not is_at_rest(turning)

    def test_metadata_without_exposure_tells_nothing(self) -> None:
        assert reading({"SensorTimestamp": 1}) is None

    @pytest.mark.parametrize(
        ("exposure_us", "mains", "is_said"),
        [
            (9_000, Mains.HZ_50, True),
            (10_000, Mains.HZ_50, False),
            (9_000, Mains.HZ_60, False),
            (500, Mains.NONE, False),
        ],
    )
    def test_an_exposure_shorter_than_the_flicker_is_said(
        self, exposure_us: int, mains: Mains, is_said: bool
    ) -> None:
        light = LIGHT.model_copy(update={"exposure_us": exposure_us})
        assert bool(bands_problem(light, mains)) is is_said


class TestArea:
    def test_percent_of_the_picture(self) -> None:
        area = area_of("10, 5,80,90")
        assert (area.left, area.top, area.width, area.height) == (1000, 500, 8000, 9000)
        assert box_of(area, (200, 100)) == (20, 5, 180, 95)

    @pytest.mark.parametrize(
        "text", ["", "1,2,3", "a,b,c,d", "50,0,60,100", "-1,0,50,50", "0,0,1,90"]
    )
    def test_what_is_no_area_is_refused(self, text: str) -> None:
        with pytest.raises(AreaProblem):
            area_of(text)

    def test_what_was_laid_onto_the_table_is_the_area(self) -> None:
        chance = random.Random(3)
        before = Image.frombytes("L", (640, 360), chance.randbytes(640 * 360)).point(
            lambda level: 100 + level // 16
        )
        after = before.copy()
        ImageDraw.Draw(after).rectangle((160, 90, 480, 270), fill=200)
        ImageDraw.Draw(after).line((600, 0, 600, 360), fill=255)  # a thin thing beside it
        left, top, right, bottom = box_of(changed_area(before, after), (640, 360))
        assert (left, top, right, bottom) == pytest.approx((160, 90, 480, 270), abs=25)
        assert left <= 160
        assert right >= 480

    def test_a_table_on_which_nothing_was_laid_is_refused(self) -> None:
        table = Image.new("L", (640, 360), 90)
        with pytest.raises(AreaProblem):
            changed_area(table, table.point(lambda level: level + 10))

    def test_the_reference_picture_shows_it(self) -> None:
        kept = io.BytesIO()
        Image.new("RGB", (300, 200), (200, 200, 200)).save(kept, "JPEG")
        with Image.open(
            io.BytesIO(reference_picture(kept.getvalue(), area_of("10,10,80,80")))
        ) as it:
            red, green, _blue = it.convert("RGB").getpixel((150, 21))  # type: ignore[misc]
        assert red - green > 100


class TestRecord:
    WHOLE_RECORD = Calibration(
        source="picamera2:imx708",
        made_at=NOW,
        area=area_of("10,10,80,80"),
        focus={Focus.FAR: FocusFound(lens_position=1.6, sharpness=0.4)},
        light=LIGHT,
    )

    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        path = tmp_path / "camera.json"
        assert load(path) is None
        save(path, self.WHOLE_RECORD, Focus.FAR, b"a picture")
        assert load(path) == self.WHOLE_RECORD
        assert reference_path(path, Focus.FAR).read_bytes() == b"a picture"
        assert reference_path(path, Focus.FAR) != reference_path(path, Focus.NEAR)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 9}', "\0"])
    def test_a_damaged_file_is_said(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "camera.json").write_text(text, encoding="utf-8")
        with pytest.raises(CalibrationDamaged):
            load(tmp_path / "camera.json")

    def test_another_version_is_refused(self, tmp_path: Path) -> None:
        newer = self.WHOLE_RECORD.model_copy(update={"version": 2})
        (tmp_path / "camera.json").write_text(newer.to_text(), encoding="utf-8")
        with pytest.raises(CalibrationDamaged, match="version 2"):
            load(tmp_path / "camera.json")

    def test_everything_found_is_fixed_from_the_start(self) -> None:
        assert controls_of(self.WHOLE_RECORD, Focus.FAR, Mains.HZ_60) == {
            "AeFlickerMode": 1,
            "AeFlickerPeriod": 8_333,
            "AfMode": 0,
            "LensPosition": 1.6,
            "ExposureTime": 20_000,
            "AnalogueGain": 1.5,
            "ColourGains": (1.8, 2.1),
        }

    def test_without_calibration_the_camera_looks_for_itself(self) -> None:
        assert controls_of(None, Focus.FAR, Mains.NONE) == {"AfMode": 2}
        assert controls_of(self.WHOLE_RECORD, Focus.NEAR, Mains.NONE)["AfMode"] == 2


class TestProcedure:
    @pytest.fixture
    def board(self) -> fake_picamera2.FakeBoard:
        return fake_picamera2.FakeBoard(ManualClock(), size=(640, 360), lens_best=3.2)

    def pi(self, board: fake_picamera2.FakeBoard) -> PiCamera:
        camera = PiCamera(
            device="auto",
            size=None,
            period_ms=40,
            controls=controls_of(None, Focus.FAR, Mains.HZ_50),
            library=lambda: board,
            encoder=fake_picamera2.encode,
            monotonic_ns=board.clock.monotonic_ns,
        )
        camera.start()
        return camera

    def run(
        self, subject: PiSubject | PlainSubject, wishes: Wishes, before: Calibration | None = None
    ) -> tuple[Calibration, list[str]]:
        said: list[str] = []
        found = calibrate(
            subject,
            wishes,
            before,
            Technician(said.append, said.append),
            source="picamera2:imx708",
            now=NOW,
        )
        return found, said

    def test_a_raspberry_pi_camera_gets_focus_and_light(
        self, board: fake_picamera2.FakeBoard
    ) -> None:
        camera = self.pi(board)
        area = area_of("0,50,100,50")
        found, _ = self.run(PiSubject(camera), Wishes(Focus.FAR, Mains.HZ_50, area))
        assert found.area == area
        lens = found.focus[Focus.FAR].lens_position
        assert lens == pytest.approx(3.2, abs=0.1)
        assert found.light == LightFound(
            exposure_us=10_000, analogue_gain=1.5, colour_gains=(1.8, 2.1)
        )
        assert board.device.in_force["LensPosition"] == pytest.approx(lens, abs=0.01)
        assert board.device.held == 0

    def test_each_lens_position_is_in_force_before_it_is_measured(
        self, board: fake_picamera2.FakeBoard
    ) -> None:
        subject = PiSubject(self.pi(board))
        for position in (0.0, 7.0, 3.0):
            subject.move_lens(position)
            assert board.device.in_force["LensPosition"] == position

    def test_the_second_focus_leaves_the_first_and_the_area(
        self, board: fake_picamera2.FakeBoard
    ) -> None:
        subject = PiSubject(self.pi(board))
        first, _ = self.run(subject, Wishes(Focus.FAR, Mains.HZ_50, area_of("0,50,100,50")))
        board.lens_best = 6.0
        second, _ = self.run(subject, Wishes(Focus.NEAR, Mains.HZ_50), before=first)
        assert second.area == first.area
        assert second.focus[Focus.FAR] == first.focus[Focus.FAR]
        assert second.focus[Focus.NEAR].lens_position == pytest.approx(6.0, abs=0.1)

    def test_light_is_left_automatic_when_wished(self, board: fake_picamera2.FakeBoard) -> None:
        found, _ = self.run(
            PiSubject(self.pi(board)), Wishes(Focus.FAR, Mains.HZ_50, lock_light=False)
        )
        assert found.light is None

    def test_what_another_camera_gave_is_not_taken_over(
        self, board: fake_picamera2.FakeBoard
    ) -> None:
        other = TestRecord.WHOLE_RECORD.model_copy(update={"source": "picamera2:imx477"})
        found, said = self.run(PiSubject(self.pi(board)), Wishes(Focus.NEAR, Mains.HZ_50), other)
        assert found.area == WHOLE
        assert list(found.focus) == [Focus.NEAR]
        assert any("imx477" in line for line in said)

    def test_a_webcam_gets_its_area_and_reference_alone(self) -> None:
        clock = ManualClock()
        camera = SimulatedCamera(clock=clock, width=640, height=360, period_ms=40, wait=clock.wait)
        camera.start()
        subject = PlainSubject(camera, clock.monotonic_ns)
        found, _ = self.run(
            subject, Wishes(Focus.FAR, Mains.HZ_50, Area(left=0, top=0, width=5000, height=5000))
        )
        assert found.light is None
        assert found.focus[Focus.FAR].lens_position is None
        assert found.focus[Focus.FAR].sharpness > 0

    def test_the_area_is_found_by_what_the_technician_lays_down(self) -> None:
        subject = Laid()
        found = calibrate(
            subject,
            Wishes(Focus.FAR, Mains.HZ_50, find_area=True),
            None,
            Technician(lambda _text: None, subject.obey),
            source="opencv",
            now=NOW,
        )
        left, top, right, bottom = box_of(found.area, (640, 360))
        assert (left, top, right, bottom) == pytest.approx((100, 60, 500, 300), abs=25)


class Laid(PlainSubject):
    """A table onto which the technician lays a board when asked."""

    def __init__(self) -> None:
        self._has_board = False

    def obey(self, text: str) -> None:
        self._has_board = self._has_board or "Lay" in text

    def grey(self) -> Image.Image:
        picture = Image.new("L", (640, 360), 80)
        if self._has_board:
            ImageDraw.Draw(picture).rectangle((100, 60, 500, 300), fill=220)
        return picture
