"""What sheets are printed on."""

from enum import StrEnum

from cloud.dashboard.barcodes import A4_WIDE_MM, Bars, bar_code


class Paper(StrEnum):
    """A sheet for an office printer, or a label of 100 x 50 mm for each code."""

    A4 = "a4"
    LABEL = "label"


_WIDEST_MM = {Paper.A4: A4_WIDE_MM / 2, Paper.LABEL: 92.0}


def bars_on(paper: Paper, text: str) -> Bars:
    """A code as wide as the paper has room for it. Raises ValueError: it does not fit."""
    bars = bar_code(text, _WIDEST_MM[paper])
    if bars is None:
        raise ValueError("the text is too long for a barcode on this paper")
    return bars
