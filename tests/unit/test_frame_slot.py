"""Where the reading thread meets those who wait: each gets a frame of its own press."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from edge.camera.errors import CameraMissing, CameraStalled
from edge.camera.slot import FrameSlot
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Still:
    began_ns: int
    size: tuple[int, int] = (1, 1)

    def jpeg(self, quality: int) -> bytes:
        return bytes(quality)


def test_each_of_two_waiters_gets_a_frame_after_its_own_press() -> None:
    slot: FrameSlot[Still] = FrameSlot()
    slot.open()
    with ThreadPoolExecutor(2) as pool:
        early, late = (pool.submit(slot.wait, pressed_ns, 20.0) for pressed_ns in (100, 200))
        eventually(lambda: not slot.wants(100) and slot.wants(150) and len(slot._waiting) == 2)
        slot.put(Still(150))
        assert early.result(20) == Still(150)
        assert not late.done()
        assert not slot.wants(200)
        slot.put(Still(201))
        assert late.result(20) == Still(201)


def test_no_frame_is_kept_that_nobody_needs() -> None:
    slot: FrameSlot[Still] = FrameSlot()
    slot.open()
    slot.put(Still(100))
    assert slot.wait(50, 1.0) == Still(100)
    with pytest.raises(CameraStalled):
        slot.wait(50, 0.01)


def test_all_who_wait_hear_of_the_loss_and_of_nothing_after_the_return() -> None:
    slot: FrameSlot[Still] = FrameSlot()
    with pytest.raises(CameraMissing, match="not started"):
        slot.wait(0, 1.0)
    slot.open()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slot.wait, 100, 20.0)
        eventually(lambda: slot.wants(101))
        slot.close("unplugged")
        with pytest.raises(CameraMissing, match="unplugged"):
            waiting.result(20)
    slot.open()
    with pytest.raises(CameraStalled):
        slot.wait(100, 0.01)
