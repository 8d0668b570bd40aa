"""The light: whether its pins can be had. Only a person sees whether it shines."""

from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.indicator.errors import IndicatorError
from edge.indicator.factory import build_indicator
from edge.indicator.lamps import LightKind
from edge.indicator.signs import Sign

SUBJECT = "light"


def check(table: Table) -> Iterator[Finding]:
    """Take the pins and give them back; not where the daemon has them."""
    settings = table.settings.indicator
    if settings.kind not in set(LightKind):
        yield fine(SUBJECT, f"is of the kind {settings.kind}: no lamp is wired")
        return
    if table.daemon_runs:
        yield fine(SUBJECT, "is in use by the running daemon, which reports its faults itself")
        return
    light = build_indicator(settings, table.clock)
    try:
        light.start()
        light.show(Sign.CLICK)
        light.stop()
    except IndicatorError as error:
        to_do = "follow the text; then packwitness-edge light test shows every sign"
        yield wrong(SUBJECT, str(error), to_do=to_do)
        return
    pins = ", ".join(f"{lamp} {pin}" for lamp, pin in settings.pins.items())
    yield fine(
        SUBJECT, f"{settings.kind} ({pins}) can be used; see it by packwitness-edge light test"
    )
