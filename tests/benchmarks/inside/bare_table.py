"""Runs inside the virtual table, beside nothing of ours: a pedal, a webcam, a file, a lamp.

bare_table.py CAMERA FOLDER LINE: each F1 takes the first frame that began after it, writes it so
that it outlives a power cut, and lights the lamp at a GPIO line for a moment.
"""

import os
import sys
import threading
from pathlib import Path

import cv2
import evdev
import lgpio  # type: ignore[import-not-found]  # a library of the Raspberry Pi

QUALITY = 85
SIZE = (1280, 720)
LIT_S = 0.2


class Frames:
    """Grabs on and on; decodes a frame only when somebody waits for one."""

    def __init__(self, camera: str) -> None:
        self._capture = cv2.VideoCapture(camera, cv2.CAP_V4L2)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, SIZE[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, SIZE[1])
        self._wanted = threading.Event()
        self._came = threading.Event()
        self._frame: cv2.typing.MatLike | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def next_one(self) -> "cv2.typing.MatLike":
        """The first frame that began after this call."""
        self._came.clear()
        self._wanted.set()
        self._came.wait()
        assert self._frame is not None
        return self._frame

    def _run(self) -> None:
        while True:
            self._capture.grab()
            if self._wanted.is_set():
                self._capture.grab()  # the one before had begun already
                _, self._frame = self._capture.retrieve()
                self._wanted.clear()
                self._came.set()


def write_durable(path: Path, data: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the directory."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def main(camera: str, folder: str, line: str) -> None:
    """Until it is ended."""
    devices = (evdev.InputDevice(path) for path in evdev.list_devices())
    pedal = next(one for one in devices if "FootSwitch" in one.name)
    pedal.grab()
    chip, lamp = lgpio.gpiochip_open(0), int(line)
    lgpio.gpio_claim_output(chip, lamp, 0)
    frames = Frames(camera)
    frames.next_one()
    photos = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for event in pedal.read_loop():
        if event.type == evdev.ecodes.EV_KEY and event.value == 1:
            _, jpeg = cv2.imencode(".jpg", frames.next_one(), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            photos += 1
            write_durable(Path(folder) / f"{photos}.jpg", jpeg.tobytes())
            lgpio.gpio_write(chip, lamp, 1)
            threading.Event().wait(LIT_S)
            lgpio.gpio_write(chip, lamp, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
