"""What a calibration holds, and the controls that it makes of a camera. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from wire.messages import Area

VERSION = 1
WHOLE = Area(left=0, top=0, width=10_000, height=10_000)
_MANUAL, _CONTINUOUS = 0, 2  # of AfMode
_FLICKER_MANUAL = 1  # the only mode besides off that a Raspberry Pi has (edge-hardware 1.6)


class CalibrationDamaged(Exception):
    """The file is not what a calibration wrote; the text says where."""


class Focus(StrEnum):
    """What lies below the camera."""

    FAR = "far"
    """The table and what is flat on it."""
    NEAR = "near"
    """The upper side of tall parcels."""


class Mains(StrEnum):
    """What the lamps hang on; they flicker at twice this rate."""

    HZ_50 = "50"
    HZ_60 = "60"
    NONE = "none"

    @property
    def period_us(self) -> int | None:
        """Of the flicker."""
        return {Mains.HZ_50: 10_000, Mains.HZ_60: 8_333}.get(self)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FocusFound(_Part):
    """The lens at one preset."""

    lens_position: float | None = Field(default=None, ge=0, description="dioptres; None: no motor")
    sharpness: float = Field(ge=0, description="of the packing area, then")


class LightFound(_Part):
    """Exposure and colours, as the camera had found them by itself."""

    exposure_us: int = Field(gt=0)
    analogue_gain: float = Field(gt=0)
    colour_gains: tuple[float, float]


class Calibration(_Part):
    """What was found with a technician."""

    version: int = VERSION
    source: str
    """The camera it was made with."""
    made_at: AwareDatetime
    area: Area = WHOLE
    focus: dict[Focus, FocusFound] = Field(default_factory=dict)
    light: LightFound | None = None
    """None: the camera goes on adjusting itself."""

    def to_text(self) -> str:
        """For the file."""
        return self.model_dump_json(indent=1, exclude_none=True) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Calibration":
        """What ``to_text`` wrote.

        Raises:
            CalibrationDamaged: it did not.
        """
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise CalibrationDamaged(f"{place}: {first['msg']}".removeprefix(": ")) from None
        if found.version != VERSION:
            raise CalibrationDamaged(f"version {found.version} is not known, only {VERSION}")
        return found


def controls_of(calibration: Calibration | None, focus: Focus, mains: Mains) -> Mapping[str, Any]:
    """Controls of libcamera for a camera that starts. Those that it lacks are left out later."""
    controls: dict[str, Any] = {}
    if mains.period_us is not None:
        controls |= {"AeFlickerMode": _FLICKER_MANUAL, "AeFlickerPeriod": mains.period_us}
    found = calibration.focus.get(focus) if calibration is not None else None
    if found is None or found.lens_position is None:
        controls["AfMode"] = _CONTINUOUS  # better than wherever the lens happens to stand
    else:
        controls |= lens_at(found.lens_position)
    if calibration is not None and calibration.light is not None:
        controls |= locked(calibration.light)
    return controls


def lens_at(position: float) -> Mapping[str, Any]:
    """The lens fixed at so many dioptres."""
    return {"AfMode": _MANUAL, "LensPosition": position}


def locked(light: LightFound) -> Mapping[str, Any]:
    """Exposure and colours fixed: a number switches that part of the automatic off."""
    return {
        "ExposureTime": light.exposure_us,
        "AnalogueGain": light.analogue_gain,
        "ColourGains": light.colour_gains,
    }
