"""Words on the printed sheets."""

from collections.abc import Mapping

from cloud.dashboard.marking import _
from cloud.dashboard.sheets.paper import Paper

PAPERS: Mapping[Paper, str] = {
    Paper.A4: _("A4 paper"),
    Paper.LABEL: _("Labels of 100 x 50 mm"),
}
ACTIONS: Mapping[str, str] = {
    "photo": _("Takes a photo, as F1"),
    "send": _("Closes the order and sends it, as F4"),
    "undo": _("Takes the last photo back, as F2"),
    "cancel": _("Drops the order, or takes the last one back, as Esc"),
}
MODES: Mapping[str, str] = {
    "training": _("Training: photos are kept and never sent"),
    "return": _("Returns: photos are kept and never sent"),
    "packing": _("Back to packing"),
}
COLOURS: Mapping[str, str] = {
    "green": _("Green"),
    "blue": _("Blue"),
    "yellow": _("Yellow"),
    "red": _("Red"),
    "white": _("White"),
}
