"""Input devices: scanners, pedals and keypads behind one interface.

One role per device: a scanner's keys never trigger actions, a pedal's keys never make a code.
"""

from typing import Protocol


class InputDevice(Protocol):
    """Posts ``Scanned``, ``ScanIncomplete`` and ``ActionPressed`` from a thread of its own.

    A lost device posts ``DeviceLost`` once, is looked for until ``stop``, and posts ``DeviceBack``
    once; a code cut off by the loss is never posted.
    """

    @property
    def name(self) -> str:
        """For people and logs; unique at this table."""
        ...

    def start(self) -> None:
        """Begin to post events. A device that is absent is not an error: it is looked for.

        Raises:
            InputFault: it can never work here (rights, settings); the text says what to do.
        """
        ...

    def stop(self) -> None:
        """Stop posting and release within 2 s. May be called twice."""
        ...

    def alive(self) -> bool:
        """Whether the reading thread turns; feeds the watchdog."""
        ...
