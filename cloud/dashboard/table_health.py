"""What a table says of itself, read from its newest health message. Pure.

The message is kept as it came; a newer table may say more, an older one less.
"""

import json
from dataclasses import dataclass
from typing import Any

from cloud.dashboard.signs import SIGNS, SignWords


@dataclass(frozen=True, slots=True)
class TableHealth:
    """How a table is."""

    sign: str = ""
    open_code: str = ""
    open_photos: tuple[str, ...] = ()
    """SHA-256 of the open order's photos."""
    waiting_proofs: int = 0
    """Closed orders whose photos have not all arrived."""
    oldest_waiting_s: float = 0.0
    mode: str = ""
    disk_used_percent: float = 0.0
    temperature_c: float | None = None
    """Of the processor; None where the table does not know it."""
    clock_synced: bool = True
    faults: tuple[str, ...] = ()

    @property
    def sign_words(self) -> SignWords | None:
        """The sign in words; None for one that is not known here."""
        return SIGNS.get(self.sign)


def read_health(message: str) -> TableHealth | None:
    """Understand a health message; None when there is none, or it makes no sense."""
    try:
        fields = json.loads(message) if message else None
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    return TableHealth(
        sign=_text(fields.get("sign")),
        open_code=_text(fields.get("open_code")),
        open_photos=_texts(fields.get("open_photos")),
        waiting_proofs=int(_number(fields.get("waiting_proofs"))),
        oldest_waiting_s=_number(fields.get("oldest_waiting_s")),
        mode=_text(fields.get("mode")),
        disk_used_percent=_number(fields.get("disk_used_percent")),
        temperature_c=_number(fields["temperature_c"]) if fields.get("temperature_c") else None,
        clock_synced=fields.get("clock_synced") is not False,
        faults=_texts(fields.get("faults")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
