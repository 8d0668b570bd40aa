"""Settings of what stands on the table: camera and light. Scanners and pedals: inputs.py."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from edge.camera.calibration.record import Focus, Mains
from edge.indicator.lamps import HIGHEST_PIN, Lamp, LightKind, wiring_problem
from edge.settings.section import Section


class CameraSection(Section):
    """Which camera, and how photos are made."""

    kind: Literal["picamera2", "opencv", "folder", "simulated", "demo"] = Field(
        "opencv",
        description="picamera2 (a Raspberry Pi's own camera), opencv (a webcam), folder or "
        "simulated; demo: the first webcam, or else a simulated camera, whose pictures must never "
        "reach a real buyer",
    )
    device: str = Field(
        "auto",
        description="of picamera2: auto, a model as imx708, or a number; of opencv: auto, a "
        "number, or a path as /dev/v4l/by-path/...",
    )
    full_resolution: bool = Field(
        True, description="of picamera2: all pixels of the sensor, whatever width and height say"
    )
    folder: Path | None = Field(None, description="of folder: where the pictures are")
    width: int = Field(1920, ge=160, le=9152, description="wished width in pixels")
    height: int = Field(1080, ge=120, le=6944, description="wished height in pixels")
    period_ms: int = Field(
        67, ge=1, le=1000, description="ms between two frames, where the camera does not say"
    )
    upside_down: bool = Field(
        False, description="of picamera2 and opencv: whether it hangs upside down (half a turn)"
    )
    jpeg_quality: int = Field(85, ge=1, le=95, description="quality of photos, 1 to 95")
    stall_ms: int = Field(
        3000, ge=100, description="ms without a frame after which the camera counts as lost"
    )
    focus: Focus = Field(
        Focus.FAR, description="which calibrated focus: far (flat things) or near (tall parcels)"
    )
    mains: Annotated[Mains, BeforeValidator(str)] = Field(
        Mains.HZ_50, description="Hz of the mains that the lamps hang on: 50, 60, or none"
    )
    calibration_file: Path = Field(
        Path("/var/lib/packwitness/camera.json"),
        description="what packwitness-edge camera calibrate found; its reference pictures lie "
        "beside it",
    )
    checks: bool = Field(True, description="warn of dark, covered, blurred and frozen photos")


PinNumber = Annotated[int, Field(ge=0, le=HIGHEST_PIN)]


class IndicatorSection(Section):
    """The light."""

    kind: Literal["terminal", "simulated", "rgb", "stack", "two-leds", "led"] = Field(
        "terminal",
        description="terminal or simulated; rgb, stack, two-leds or led: lamps on pins of a "
        "Raspberry Pi",
    )
    pins: dict[Lamp, PinNumber] = Field(
        {},
        description="of lamps: which is on which pin, by BCM number: red, green and blue for rgb; "
        "red, yellow and green, if there are any blue and white, for stack; red and green for "
        "two-leds; led for led; buzzer for any",
    )
    active_high: bool = Field(
        True, description="of lamps: false where a low pin lights them (common anode)"
    )
    buzzer_active_high: bool = Field(True, description="the same of the buzzer")
    pwm: bool = Field(
        False, description="of lamps: whether they can be dimmed; not where they hang on relays"
    )
    brightness: float = Field(
        1.0, gt=0, le=1, description="of lamps that can be dimmed: share of full light"
    )

    @model_validator(mode="after")
    def _wired(self) -> Self:
        if self.kind in set(LightKind):
            problem = wiring_problem(LightKind(self.kind), self.pins)
            if problem:
                raise ValueError(f"pins: {problem}")
        return self
