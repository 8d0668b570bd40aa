"""Runs inside the virtual table: how long programs of Debian take from a request to a file.

peers.py fswebcam|motion CAMERA TIMES prints the milliseconds of each photo. None is made durable.
"""

import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SIZE = ("1280", "720")
PORT = 7999
PATIENCE_S = 60.0
PERIOD_S = 0.005
END_OF_JPEG = b"\xff\xd9"


def fswebcam(camera: str, times: int, folder: Path) -> Iterator[float]:
    """A process for each photo, as its manual has it."""
    file = folder / "photo.jpg"
    command = ["fswebcam", "-q", "-d", camera, "-r", "x".join(SIZE), "--no-banner", "--jpeg", "85"]
    for _ in range(times):
        began = time.monotonic()
        subprocess.run([*command, str(file)], check=True, capture_output=True)
        yield time.monotonic() - began
        file.unlink()


def motion(camera: str, times: int, folder: Path) -> Iterator[float]:
    """A daemon that has the camera open and is asked for a snapshot over HTTP."""
    settings = folder / "motion.conf"
    settings.write_text(
        f"""daemon off
video_device {camera}
width {SIZE[0]}
height {SIZE[1]}
framerate 30
picture_output off
movie_output off
picture_quality 85
target_dir {folder}
snapshot_filename shot-%v-%q-%s
webcontrol_port {PORT}
webcontrol_localhost on
stream_port 0
"""
    )
    with subprocess.Popen(
        ["motion", "-n", "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        try:
            _await_snapshot(folder)
            for _ in range(times):
                yield _await_snapshot(folder)
        finally:
            daemon.terminate()


def _await_snapshot(folder: Path) -> float:
    """Seconds from asking until there is a whole file; asks again while motion starts."""
    for old in folder.glob("shot-*.jpg"):
        old.unlink()
    end, pace = time.monotonic() + PATIENCE_S, threading.Event()
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/0/action/snapshot", timeout=5).read()
        except OSError:
            continue
        while time.monotonic() < began + 5:
            if any(one.read_bytes().endswith(END_OF_JPEG) for one in folder.glob("shot-*.jpg")):
                return time.monotonic() - began
            pace.wait(PERIOD_S)
    raise SystemExit("motion gives no snapshot")


def main(peer: str, camera: str, times: str) -> None:
    """Print one line for each photo."""
    take = {"fswebcam": fswebcam, "motion": motion}[peer]
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        for seconds in take(camera, int(times), Path(folder)):
            sys.stdout.write(f"{seconds * 1000:.1f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
