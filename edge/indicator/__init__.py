"""The light (and buzzer) at the table: what signs exist, and drivers that show them."""

from typing import Protocol

from edge.indicator.signs import Sign


class Indicator(Protocol):
    """Shows one sign at a time. Must not block for more than 50 ms and must not raise from
    ``show``: a broken light is logged once and packing goes on.
    """

    def start(self) -> None:
        """Take the outputs.

        Raises:
            IndicatorFault: they cannot be had; the text says what to do.
        """
        ...

    def show(self, sign: Sign, text: str = "") -> None:
        """Show ``sign`` until the next call; ``text`` is for outputs that can write."""
        ...

    def alive(self) -> bool:
        """Whether what plays the light turns, from ``start`` to ``stop``; feeds the watchdog."""
        ...

    def stop(self) -> None:
        """Leave a neutral light and release the outputs. May be called twice."""
        ...
