"""Scanners and pedals: whether each is plugged in, known, and may be opened."""

import os
from collections.abc import Iterator

from edge.doctor.finding import Finding, fine, wrong
from edge.doctor.table import Table
from edge.scanner.binding import Plugged
from edge.scanner.binding.choosing import Binding, choose
from edge.scanner.bound_inputs import bindings
from edge.scanner.errors import InputFault
from edge.scanner.evdev import evdev_opener
from edge.scanner.presence import Look, plugged_in

SUBJECT = "input"
_TO_CHOOSE = "plug it in, or name it in the settings: packwitness-edge scan-test shows how"
_TO_OPEN = "put the user of the daemon into the group input, and log in or start it anew"


def check(table: Table, look: Look = plugged_in) -> Iterator[Finding]:
    """Nothing is opened: the daemon may hold it."""
    kinds = table.settings.input.kinds
    if "evdev" not in kinds:
        yield fine(SUBJECT, f"no scanner or pedal of its own is set: {', '.join(kinds) or 'none'}")
        return
    try:
        evdev_opener()
    except InputFault as error:
        yield wrong(SUBJECT, str(error), to_do="sudo apt install python3-evdev")
        return
    every, plugged = bindings(table.settings.input), look()
    for binding in every:
        yield _finding(binding, every, plugged)
    if not every:
        to_do = "set input.scanners, or another input.kinds"
        yield wrong(SUBJECT, "neither scanner nor pedal is set", to_do=to_do)


def _finding(binding: Binding, every: tuple[Binding, ...], plugged: list[Plugged]) -> Finding:
    choice = choose(binding, every, plugged, None)
    text = f"{binding.name}: {choice.text}"
    if choice.device is None:
        return wrong(SUBJECT, text, to_do=_TO_CHOOSE)
    closed = [one.path for one in choice.device.nodes if not os.access(one.path, os.R_OK)]
    if closed:
        return wrong(SUBJECT, f"{text}; may not read {', '.join(closed)}", to_do=_TO_OPEN)
    return fine(SUBJECT, text)
