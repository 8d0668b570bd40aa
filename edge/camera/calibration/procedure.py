"""A calibration from beginning to end. What the technician has to do comes in as a question."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge.camera.calibration.area import box_of, changed_area
from edge.camera.calibration.focus import Peak, find_peak
from edge.camera.calibration.light import bands_problem
from edge.camera.calibration.record import WHOLE, Calibration, Focus, FocusFound, LightFound, Mains
from edge.camera.calibration.subjects import Subject
from edge.camera.sharpness import sharpness
from wire.messages import Area

_WARM_UP = 10
"""Pictures that are thrown away: the first ones of many webcams are dark."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be calibrated."""

    focus: Focus
    mains: Mains
    area: Area | None = None
    """Given; None: the one of before, or the whole view."""
    find_area: bool = False
    lock_light: bool = True


@dataclass(frozen=True, slots=True)
class Technician:
    """Who stands at the table."""

    say: Callable[[str], None]
    ask: Callable[[str], None]
    """Comes back when it is done."""


def calibrate(
    subject: Subject,
    wishes: Wishes,
    before: Calibration | None,
    technician: Technician,
    *,
    source: str,
    now: datetime,
) -> Calibration:
    """Find everything that is wished for; nothing is written.

    Raises:
        CameraError: the camera failed.
        AreaProblem: no packing area was found.
        NothingToFocusOn: nothing with detail lies in it.
    """
    if before is not None and before.source != source:
        technician.say(f"the earlier calibration was made with {before.source}: it is not used")
        before = None
    light = _light(subject, wishes, technician)
    area = _area(subject, wishes, before, technician)
    found = _focus(subject, wishes, area, technician)
    others = dict(before.focus) if before is not None else {}
    return Calibration(
        source=source,
        made_at=now,
        area=area,
        focus=others | {wishes.focus: found},
        light=light if wishes.lock_light else None,
    )


def _light(subject: Subject, wishes: Wishes, technician: Technician) -> LightFound | None:
    light = subject.light_at_rest()
    if light is None:
        for _ in range(_WARM_UP):
            subject.grey()
        technician.say("light: this camera adjusts itself and does not tell how")
        return None
    # also for the search alone: the sharpness is compared between pictures
    subject.fix_light(light)
    technician.say(
        f"light: {light.exposure_us / 1000:.1f} ms, gain {light.analogue_gain:.1f}"
        f"{', fixed' if wishes.lock_light else ', not kept'}"
    )
    problem = bands_problem(light, wishes.mains)
    if problem:
        technician.say(f"light: {problem}")
    return light


def _area(
    subject: Subject, wishes: Wishes, before: Calibration | None, technician: Technician
) -> Area:
    if wishes.find_area:
        technician.ask("Clear the table")
        empty = subject.grey()
        technician.ask("Lay something large and plain over the whole packing area")
        return changed_area(empty, subject.grey())
    return wishes.area or (before.area if before is not None else WHOLE)


def _focus(subject: Subject, wishes: Wishes, area: Area, technician: Technician) -> FocusFound:
    thing = "a parcel as tall as they come" if wishes.focus is Focus.NEAR else "an open parcel"
    technician.ask(f"Put {thing}, with something printed on it, into the packing area")

    def figure() -> float:
        grey = subject.grey()
        return sharpness(grey.crop(box_of(area, grey.size)))

    reach = subject.lens_reach()
    if reach is None:
        technician.say("focus: this lens has no motor; turn it by hand if it can be turned")
        return FocusFound(sharpness=figure())

    def at(position: float) -> float:
        subject.move_lens(position)
        return figure()

    peak = find_peak(at, *reach)
    technician.say(_spoken(peak))
    return FocusFound(lens_position=peak.position, sharpness=at(peak.position))


def _spoken(peak: Peak) -> str:
    distance = f", about {100 / peak.position:.0f} cm" if peak.position > 0.1 else ""
    text = f"focus: {peak.position:.2f} dioptres{distance}, {len(peak.measured)} positions tried"
    if peak.is_at_end:
        text += "; that is the end of the lens's reach: mount the camera farther away"
    return text
