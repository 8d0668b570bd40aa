"""The command barcodes that tables understand while their settings change nothing about them."""

COMMAND_PREFIX = "PW-"
ACTIONS = ("photo", "send", "undo", "cancel")
"""In the place of keys."""
MODES = ("training", "return", "packing")
"""While no order is open."""


def command_text(word: str) -> str:
    """What the barcode says."""
    return f"{COMMAND_PREFIX}{word.upper()}"
