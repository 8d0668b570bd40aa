"""Settings of what stands on the table: camera, scanner and pedals, light."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from edge.events import Action
from edge.scanner.typed import DEFAULT_KEYS, DEFAULT_WORDS
from edge.settings.section import Section


class CameraSection(Section):
    """Which camera, and how photos are made."""

    kind: Literal["opencv", "folder", "simulated", "demo"] = Field(
        "opencv",
        description="opencv, folder or simulated; demo: the first webcam, or else a simulated "
        "camera, whose pictures must never reach a real buyer",
    )
    device: str = Field(
        "auto", description="of opencv: auto, a number, or a path as /dev/v4l/by-path/..."
    )
    folder: Path | None = Field(None, description="of folder: where the pictures are")
    width: int = Field(1920, ge=160, le=9152, description="wished width in pixels")
    height: int = Field(1080, ge=120, le=6944, description="wished height in pixels")
    period_ms: int = Field(
        67, ge=1, le=1000, description="ms between two frames, where the camera does not say"
    )
    jpeg_quality: int = Field(85, ge=1, le=95, description="quality of photos, 1 to 95")
    stall_ms: int = Field(
        3000, ge=100, description="ms without a frame after which the camera counts as lost"
    )
    checks: bool = Field(True, description="warn of dark, covered, blurred and frozen photos")


class InputSection(Section):
    """Scanner, pedal and keys."""

    kinds: tuple[Literal["terminal", "simulated"], ...] = Field(
        ("terminal",), description="input devices: terminal, simulated; empty for none"
    )
    keys: dict[str, Action] = Field(
        dict(DEFAULT_KEYS), description="key of the terminal to photo, send, undo or cancel"
    )
    words: dict[str, Action] = Field(
        dict(DEFAULT_WORDS), description="typed word to photo, send, undo or cancel"
    )
    escape_wait_ms: int = Field(
        100, ge=1, le=2000, description="ms to wait for what follows an Escape"
    )


class IndicatorSection(Section):
    """The light."""

    kind: Literal["terminal", "simulated"] = Field("terminal", description="terminal or simulated")
