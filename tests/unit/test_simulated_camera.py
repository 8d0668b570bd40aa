"""What the simulated camera draws, and how it fails."""

import pytest

from edge.camera.errors import CameraStalled, EncodeFailed
from edge.camera.simulated import CameraTrouble, SimulatedCamera
from tests.support import code128
from tests.support.manual_clock import ManualClock

PERIOD_MS = 40


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def camera(clock: ManualClock) -> SimulatedCamera:
    made = SimulatedCamera(
        clock=clock, width=2304, height=1296, period_ms=PERIOD_MS, wait=clock.wait
    )
    made.start()
    return made


def take(camera: SimulatedCamera, clock: ManualClock) -> bytes:
    return camera.capture(clock.monotonic_ns(), 5).jpeg(85)


@pytest.mark.parametrize("code", ["240615ABCD7788", "SPXMY012345678", "6920240301123456789"])
def test_the_label_carries_the_barcode_of_the_order_on_the_table(
    camera: SimulatedCamera, clock: ManualClock, code: str
) -> None:
    camera.show_code("OTHER-ORDER-1")
    camera.show_code(code)
    assert code128.find(take(camera, clock)) == {code}


def test_an_empty_table_has_no_label(camera: SimulatedCamera, clock: ManualClock) -> None:
    camera.show_code("240615ABCD7788")
    camera.show_code("")
    assert code128.find(take(camera, clock)) == set()


@pytest.mark.parametrize("code", ["訂單一號", "X" * 200])
def test_a_code_that_cannot_be_a_barcode_is_photographed_all_the_same(
    camera: SimulatedCamera, clock: ManualClock, code: str
) -> None:
    camera.show_code(code)
    assert take(camera, clock)


def test_what_is_shown_is_fixed_at_the_press(camera: SimulatedCamera, clock: ManualClock) -> None:
    camera.show_code("FIRST-1234")
    frame = camera.capture(clock.monotonic_ns(), 5)
    camera.show_code("SECOND-5678")
    assert code128.find(frame.jpeg(85)) == {"FIRST-1234"}


def test_each_press_gives_another_picture_of_real_size(
    camera: SimulatedCamera, clock: ManualClock
) -> None:
    camera.show_code("240615ABCD7788")
    photos = {take(camera, clock) for _ in range(3)}
    assert len(photos) == 3
    assert all(200_000 < len(photo) < 1_000_000 for photo in photos)


def test_a_frame_begins_on_the_beat_and_arrives_a_period_later(
    camera: SimulatedCamera, clock: ManualClock
) -> None:
    started_ns = clock.monotonic_ns()
    clock.advance(0.130)
    frame = camera.capture(clock.monotonic_ns(), 5)
    assert frame.began_ns - started_ns == 160_000_000
    assert clock.monotonic_ns() - started_ns == 200_000_000


def test_the_newest_frame_answers_an_old_press(camera: SimulatedCamera, clock: ManualClock) -> None:
    pressed_ns = clock.monotonic_ns()
    clock.advance(10)
    assert camera.capture(pressed_ns, 5).began_ns == pressed_ns + 9_960_000_000
    assert clock.monotonic_ns() == pressed_ns + 10_000_000_000


def test_late_frames_come_late_or_not_in_time(camera: SimulatedCamera, clock: ManualClock) -> None:
    camera.fail(CameraTrouble.LATE)
    pressed_ns = clock.monotonic_ns()
    camera.capture(pressed_ns, 5)
    assert clock.monotonic_ns() - pressed_ns == 17 * PERIOD_MS * 1_000_000
    with pytest.raises(CameraStalled):
        camera.capture(clock.monotonic_ns(), 0.5)


def test_bad_pixels_fail_at_the_encoding(camera: SimulatedCamera, clock: ManualClock) -> None:
    camera.fail(CameraTrouble.ENCODE)
    frame = camera.capture(clock.monotonic_ns(), 5)
    with pytest.raises(EncodeFailed):
        frame.jpeg(85)
