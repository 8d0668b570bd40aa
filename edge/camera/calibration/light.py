"""When automatic exposure and colours are at rest, and whether lamps will show bands. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from edge.camera.calibration.record import LightFound, Mains

_FRAMES_AT_REST = 8
_CLOSE = 0.03
"""Share by which the readings of a camera at rest differ."""


def reading(metadata: Mapping[str, Any]) -> LightFound | None:
    """What a frame's metadata says; None where the camera does not tell."""
    wanted = ("ExposureTime", "AnalogueGain", "ColourGains")
    if any(name not in metadata for name in wanted):
        return None
    red, blue = metadata["ColourGains"]
    return LightFound(
        exposure_us=round(metadata["ExposureTime"]),
        analogue_gain=metadata["AnalogueGain"],
        colour_gains=(red, blue),
    )


def is_at_rest(readings: Sequence[LightFound]) -> bool:
    """Whether the last readings are as good as equal."""
    last = readings[-_FRAMES_AT_REST:]
    if len(last) < _FRAMES_AT_REST:
        return False
    columns = (
        [one.exposure_us * one.analogue_gain for one in last],
        [one.colour_gains[0] for one in last],
        [one.colour_gains[1] for one in last],
    )
    return all(max(column) - min(column) <= _CLOSE * max(column) for column in columns)


def bands_problem(light: LightFound, mains: Mains) -> str:
    """Why lamps may draw dark bands over the pictures; empty if they will not.

    The camera only rounds exposures to whole periods of the flicker that are as long as one
    (edge-hardware 1.6).
    """
    period_us = mains.period_us
    if period_us is None or light.exposure_us >= 0.95 * period_us:
        return ""
    return (
        f"it is so bright that the exposure of {light.exposure_us} us is shorter than the lamps' "
        f"flicker ({period_us} us): where pictures show dark bands, dim the lamps"
    )
