"""Power and heat: the first causes of cameras and cards that fail."""

from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.service.vitals import Vitals, read_vitals

SUBJECT = "power"
_HOT_C = 80.0
"""From here on a Raspberry Pi slows down."""


def check(_table: Table) -> Iterator[Finding]:
    """What the machine tells of both."""
    yield judged(read_vitals())


def judged(vitals: Vitals) -> Finding:
    """What these values mean."""
    told = [] if vitals.temperature_c is None else [f"{vitals.temperature_c:.0f} °C of {_HOT_C:g}"]
    if vitals.faults:
        to_do = "use the power supply of the maker and a short cable; see to air around the board"
        return wrong(SUBJECT, "; ".join([*vitals.faults, *told]), to_do=to_do)
    if vitals.temperature_c is not None and vitals.temperature_c >= _HOT_C:
        return wrong(SUBJECT, told[0], to_do="see to air around the board, or give it a fan")
    if vitals.throttled_bits is None:
        return fine(SUBJECT, "; ".join(["this machine does not tell of its power", *told]))
    return fine(SUBJECT, "; ".join(["the supply is strong enough", *told]))
