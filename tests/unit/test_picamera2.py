"""The driver of a Raspberry Pi's camera above a double of picamera2."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from edge.camera.errors import (
    CameraBusy,
    CameraFault,
    CameraHangs,
    CameraMissing,
    CameraNotSetUp,
    CameraStalled,
)
from edge.camera.pi_jpeg import RawPicture, encode_with_simplejpeg
from edge.camera.picamera2 import PiCamera, installed_picamera2
from tests.support import fake_picamera2
from tests.support.fake_picamera2 import FakeBoard
from tests.support.manual_clock import ManualClock

MODULE = "edge.camera.picamera2"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def board(clock: ManualClock) -> Iterator[FakeBoard]:
    made = FakeBoard(clock)
    yield made
    made.let_go.set()  # no thread is left hanging


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_OPEN_S", "_CLOSE_S", "_MARGIN_S"):
        monkeypatch.setattr(f"{MODULE}.{name}", 0.05)


def camera_on(
    board: FakeBoard, device: str = "auto", *, upside_down: bool = False, **controls: Any
) -> PiCamera:
    return PiCamera(
        device=device,
        size=None,
        period_ms=67,
        controls=controls,
        upside_down=upside_down,
        library=lambda: board,
        encoder=fake_picamera2.encode,
        monotonic_ns=board.clock.monotonic_ns,
    )


class TestConfiguration:
    def test_one_configuration_of_all_pixels_with_a_small_stream_and_no_raw(
        self, board: FakeBoard
    ) -> None:
        camera_on(board, LensPosition=2.0).start()
        config = board.device.config
        assert config["main"]["size"] == board.size
        assert config["lores"]["size"] == (640, 360)
        assert config["raw"] is None
        assert config["queue"] is False
        assert config["sensor"]["output_size"] == board.size
        assert config["controls"]["LensPosition"] == 2.0

    def test_only_a_camera_that_hangs_upside_down_is_turned(self, board: FakeBoard) -> None:
        camera_on(board).start()
        assert "transform" not in board.device.config
        camera_on(board, upside_down=True).start()
        assert board.device.config["transform"] == board.half_turn()

    def test_sizes_are_what_the_camera_made_of_them(self, board: FakeBoard) -> None:
        board.size = (4056, 3040)
        camera = camera_on(board)
        camera.start()
        assert (camera.facts.width, camera.facts.height) == (3968, 3040)
        assert board.device.config["lores"]["size"] == (1152, 862)

    def test_a_control_that_the_camera_lacks_is_not_asked_for(self, board: FakeBoard) -> None:
        camera_on(board, HdrMode=1).start()
        assert "HdrMode" not in board.device.config["controls"]

    def test_a_camera_of_another_pipeline_gets_one_stream_and_no_sensor_mode(
        self, board: FakeBoard
    ) -> None:
        """Libcamera's vimc: one stream, BGR, no controls, no exposure time."""
        board.is_raspberry_pi, board.layout, board.exposure_us = False, "BGR888", None
        camera = camera_on(board)
        camera.start()
        assert board.device.config["lores"] is None
        assert "sensor" not in board.device.config
        frame = camera.capture(board.clock.monotonic_ns(), 5)
        assert Image.open(io.BytesIO(frame.jpeg(80))).size == board.size

    def test_the_source_names_the_sensor(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        assert camera.facts.source == "picamera2:imx708"


class TestChoosing:
    TWO = (
        {"Model": "webcam", "Id": "/base/soc/usb1-1.2:1.0-046d", "Num": 0},
        {"Model": "imx219", "Id": "/base/soc/i2c0mux/i2c@0/imx219@10", "Num": 2},
        {"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 1},
    )

    @pytest.mark.parametrize(
        ("wanted", "number"), [("auto", 2), ("imx708", 1), ("1", 1), ("imx219@10", 2), ("0", 0)]
    )
    @pytest.mark.parametrize("by_place", [True, False])
    def test_it_opens_the_one_that_was_meant_in_every_release_of_the_library(
        self, board: FakeBoard, wanted: str, number: int, by_place: bool
    ) -> None:
        board.infos[:] = [dict(info) for info in self.TWO]
        board.opens_by_place = by_place
        camera_on(board, wanted).start()
        assert board.device.camera_idx == number
        assert all(device.closed for device in board.opened[:-1])

    @pytest.mark.parametrize("by_place", [True, False])
    def test_one_that_does_not_open_at_all_is_not_in_the_way(
        self, board: FakeBoard, by_place: bool
    ) -> None:
        """Libcamera's virtual camera is listed and cannot be used."""
        board.infos[:] = [
            {"Model": "Sensor B", "Id": "platform/vimc.0 Sensor B", "Num": 1},
            {"Model": "Virtual0", "Id": "Virtual0", "Num": 0},
        ]
        board.opens_by_place, board.unusable = by_place, frozenset({0})
        camera_on(board).start()
        assert board.device.camera_idx == 1

    def test_an_unknown_one_is_refused_with_what_is_there(self, board: FakeBoard) -> None:
        with pytest.raises(CameraMissing, match=r"imx477.*imx708 \(0\)"):
            camera_on(board, "imx477").start()
        assert not board.opened


class TestPhoto:
    def test_its_exposure_began_after_the_press(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        for _ in range(20):
            board.clock.advance(0.0031)
            pressed_ns = board.clock.monotonic_ns()
            assert camera.capture(pressed_ns, 5).began_ns > pressed_ns

    def test_the_library_is_told_the_time_of_the_press(self, board: FakeBoard) -> None:
        """So that no frame from before it is handed out and copied."""
        camera = camera_on(board)
        camera.start()
        board.device.flushes.clear()
        pressed_ns = board.clock.monotonic_ns()
        camera.capture(pressed_ns, 5)
        assert board.device.flushes == [pressed_ns + 1]

    def test_without_exposure_times_it_is_the_next_whole_frame(self, board: FakeBoard) -> None:
        board.exposure_us = None
        camera = camera_on(board)
        camera.start()
        for _ in range(20):
            board.clock.advance(0.0031)
            pressed_ns = board.clock.monotonic_ns()
            began_ns = camera.capture(pressed_ns, 5).began_ns
            assert pressed_ns < began_ns < pressed_ns + 3 * 67_000_000
        assert board.device.held == 0

    def test_padded_rows_are_not_in_the_picture(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        frame = camera.capture(board.clock.monotonic_ns(), 5)
        with Image.open(io.BytesIO(frame.jpeg(90))) as picture:
            grey = picture.convert("L")
            columns = [grey.getpixel((x, 100)) for x in (10, 310, 330, 630)]
        assert columns == pytest.approx([0x20, 0x20, 0xC0, 0xC0], abs=8)

    def test_a_late_frame_still_counts_within_the_time(self, board: FakeBoard) -> None:
        board.late_ns = 1_000_000_000
        camera = camera_on(board)
        camera.start()
        pressed_ns = board.clock.monotonic_ns()
        assert camera.capture(pressed_ns, 5).began_ns > pressed_ns
        with pytest.raises(CameraStalled):
            camera.capture(board.clock.monotonic_ns(), 0.5)


class TestBuffers:
    """Four in all: one that is lost is a quarter of them (edge-hardware 1.4)."""

    def test_every_frame_is_given_back(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        for _ in range(10):
            camera.capture(board.clock.monotonic_ns(), 5)
            board.clock.advance(2)
            camera.newest_age_ms()
        assert board.device.held == 0

    def test_also_after_an_error_in_copying(
        self, board: FakeBoard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera = camera_on(board)
        camera.start()

        def fail(_self: object, _name: str) -> bytes:
            raise RuntimeError("failed to find buffer")

        monkeypatch.setattr(fake_picamera2.FakeRequest, "make_buffer", fail)
        for _ in range(6):
            with pytest.raises(CameraFault, match="failed to find buffer"):
                camera.capture(board.clock.monotonic_ns(), 5)
        assert board.device.held == 0

    def test_a_wish_that_timed_out_eats_none_when_frames_return(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        board.stalled = True
        for _ in range(6):
            with pytest.raises(CameraStalled):
                camera.capture(board.clock.monotonic_ns(), 0.1)
        board.stalled = False
        assert board.device.jobs == []
        assert camera.capture(board.clock.monotonic_ns(), 5).size == board.size

    @pytest.mark.usefixtures("short_deadlines")
    def test_a_wish_that_is_left_does_not_keep_it_from_closing(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        board.device.capture_request(wait=False, flush=None)
        camera.stop()
        assert board.device.closed

    def test_a_frame_that_comes_just_as_the_time_ends_is_given_back(
        self, board: FakeBoard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        camera = camera_on(board)
        camera.start()
        given: list[fake_picamera2.FakeRequest] = []
        real = fake_picamera2.FakeJob.get_result

        def too_late(job: fake_picamera2.FakeJob, timeout: float) -> fake_picamera2.FakeRequest:
            request = real(job, timeout)
            if not given:
                given.append(request)
                raise TimeoutError
            return request

        monkeypatch.setattr(fake_picamera2.FakeJob, "get_result", too_late)
        with pytest.raises(CameraStalled):
            camera.capture(board.clock.monotonic_ns(), 5)
        assert given[0].released


class TestFaults:
    def test_no_contiguous_memory_says_what_to_do(self, board: FakeBoard) -> None:
        board.configure_fails = fake_picamera2.no_memory()
        with pytest.raises(CameraFault, match="full_resolution"):
            camera_on(board).start()
        assert board.device.closed

    def test_a_camera_that_another_program_has_is_busy(self, board: FakeBoard) -> None:
        board.occupy()
        with pytest.raises(CameraBusy):
            camera_on(board).start()

    def test_what_the_library_raises_becomes_our_error(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        board.fails_with = KeyError("SensorTimestamp")
        with pytest.raises(CameraFault, match="SensorTimestamp"):
            camera.capture(board.clock.monotonic_ns(), 5)
        assert camera.newest_age_ms() is not None

    def test_a_start_that_fails_closes_what_it_opened(self, board: FakeBoard) -> None:
        board.broken = True
        with pytest.raises(CameraFault, match="no picture"):
            camera_on(board).start()
        assert board.device.closed

    @pytest.mark.usefixtures("short_deadlines")
    def test_a_close_that_hangs_is_said_and_nothing_is_opened_beside_it(
        self, board: FakeBoard
    ) -> None:
        camera = camera_on(board)
        camera.start()
        board.hang_close = True
        with pytest.raises(CameraHangs):
            camera.stop()
        with pytest.raises(CameraHangs):
            camera.start()
        assert len(board.opened) == 1

    @pytest.mark.usefixtures("short_deadlines")
    def test_a_start_that_hangs_is_said(self, board: FakeBoard) -> None:
        board.hang_start = True
        with pytest.raises(CameraHangs):
            camera_on(board).start()

    @pytest.mark.usefixtures("short_deadlines")
    def test_a_library_that_hangs_at_the_press_is_said(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        board.hang_take = True
        with pytest.raises(CameraHangs):
            camera.capture(board.clock.monotonic_ns(), 0.01)
        with pytest.raises(CameraHangs):
            camera.stop()

    def test_without_the_library_it_says_what_to_install(self) -> None:
        with pytest.raises(CameraNotSetUp, match="python3-picamera2"):
            installed_picamera2()


class TestHeartbeat:
    def test_a_frame_is_only_asked_for_when_the_last_is_old(self, board: FakeBoard) -> None:
        camera = camera_on(board)
        camera.start()
        frames = board.device.frames
        camera.newest_age_ms()
        assert board.device.frames == frames
        board.clock.advance(1.5)
        age_ms = camera.newest_age_ms()
        assert age_ms is not None
        assert age_ms < 200


class TestEncoding:
    """With the encoder that a Raspberry Pi has, where it is installed."""

    @pytest.mark.parametrize("layout", ["YUV420", "BGR888", "RGB888"])
    def test_rows_are_cut_and_colours_are_right(self, layout: str) -> None:
        jpeg = encode_with_simplejpeg(red_picture(layout), 90)
        with Image.open(io.BytesIO(jpeg)) as picture:
            assert picture.size == (128, 64)
            assert not picture.getexif()
            assert picture.convert("RGB").getpixel((127, 63)) == pytest.approx((255, 0, 0), abs=6)

    def test_bytes_that_are_no_picture_are_refused(self) -> None:
        from edge.camera.errors import EncodeFailed

        for picture in (
            RawPicture(b"\0" * 10, (128, 64), 192, "YUV420"),
            RawPicture(b"\0" * 192 * 64, (128, 64), 192, "SRGGB10"),
        ):
            with pytest.raises(EncodeFailed):
                encode_with_simplejpeg(picture, 90)


def red_picture(layout: str) -> RawPicture:
    width, height, padding = 128, 64, 64
    if layout == "YUV420":
        luma = b"\x4c" * width + b"\xff" * padding
        blue = b"\x55" * (width // 2) + b"\0" * (padding // 2)
        red = b"\xff" * (width // 2) + b"\0" * (padding // 2)
        pixels = luma * height + blue * (height // 2) + red * (height // 2)
        return RawPicture(pixels, (width, height), width + padding, layout)
    pixel = b"\xff\0\0" if layout == "BGR888" else b"\0\0\xff"
    row = pixel * width + b"\x77" * padding
    return RawPicture(row * height, (width, height), 3 * width + padding, layout)
