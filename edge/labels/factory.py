"""Builds the reader of labels, or says why there is none."""

from dataclasses import dataclass

from edge.labels.zxing import ZxingReader, is_installed


@dataclass(frozen=True, slots=True)
class BuiltReader:
    """A reader, not loaded yet, or none."""

    reader: ZxingReader | None
    choice: str
    """For people: whether labels are read, and why not."""


def build_reader(*, wanted: bool, has_patterns: bool) -> BuiltReader:
    """The reader of this table.

    ``wanted`` is the setting ``packing.label_check``. ``has_patterns``: without patterns of order
    numbers nothing that is read could be compared.
    """
    if not wanted:
        return BuiltReader(None, "not read: switched off by packing.label_check")
    if not is_installed():
        return BuiltReader(None, "not read: the extra 'codes' (zxing-cpp) is not installed")
    if not has_patterns:
        return BuiltReader(None, "not read: codes.order_patterns is empty, nothing can be compared")
    return BuiltReader(ZxingReader(), "read, and compared with the scanned order")
