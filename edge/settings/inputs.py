"""Settings of scanners, pedals and keypads."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from edge.events import Action
from edge.scanner.binding.selectors import By, parse_selector
from edge.scanner.decoding.key_names import key_code
from edge.scanner.decoding.pedal import DEFAULT_KEYS as PEDAL_KEYS
from edge.scanner.decoding.scanner import Terminator
from edge.scanner.typed import DEFAULT_KEYS, DEFAULT_WORDS
from edge.settings.section import Section


def _is_device(text: str) -> str:
    parse_selector(text)
    return text


def _are_keys(keys: dict[str, Action]) -> dict[str, Action]:
    for name in keys:
        key_code(name)
    return keys


def _is_hold(hold_ms: int) -> int:
    if hold_ms and hold_ms < 500:
        raise ValueError("is shorter than a slow press: 500 or more, or 0 for never")
    return hold_ms


DeviceName = Annotated[str, AfterValidator(_is_device)]
KeyMap = Annotated[dict[str, Action], AfterValidator(_are_keys)]
HoldMs = Annotated[int, AfterValidator(_is_hold)]


class ScannerPart(Section):
    """One scanner."""

    device: DeviceName = Field(
        "auto", description="auto, port:NAME, model:VVVV:PPPP or name:TEXT; see scan-test"
    )
    terminator: Terminator = Field(Terminator.ENTER, description="the key that ends a code")
    idle_ms: int = Field(
        200, ge=70, le=5000, description="ms of silence after which a code is broken off"
    )


class PedalPart(Section):
    """One pedal or keypad."""

    device: DeviceName = Field(
        "auto", description="auto, port:NAME, model:VVVV:PPPP or name:TEXT; see scan-test"
    )
    keys: KeyMap = Field(
        dict(PEDAL_KEYS), description="key to photo, send, undo or cancel; others do nothing"
    )
    debounce_ms: int = Field(
        200, ge=0, le=1000, description="ms in which the same action again is a bounce"
    )
    hold_cancel_ms: HoldMs = Field(
        2000,
        ge=0,
        le=10_000,
        description="ms for which the key that sends is held to cancel; 0 for never",
    )


class InputSection(Section):
    """Scanner, pedal and keys."""

    kinds: tuple[Literal["evdev", "terminal", "simulated"], ...] = Field(
        ("terminal",),
        description="input devices: evdev (scanners and pedals of their own), terminal, simulated; "
        "empty for none",
    )
    scanners: dict[str, ScannerPart] = Field(
        {"scanner": ScannerPart()},
        description="of evdev: name for people to scanner; the name is free",
    )
    pedals: dict[str, PedalPart] = Field(
        {"pedal": PedalPart()},
        description="of evdev: name for people to pedal or keypad; empty for none",
    )
    keys: dict[str, Action] = Field(
        dict(DEFAULT_KEYS), description="key of the terminal to photo, send, undo or cancel"
    )
    words: dict[str, Action] = Field(
        dict(DEFAULT_WORDS), description="typed word to photo, send, undo or cancel"
    )
    escape_wait_ms: int = Field(
        100, ge=1, le=2000, description="ms to wait for what follows an Escape"
    )

    @model_validator(mode="after")
    def _devices_can_be_told_apart(self) -> Self:
        twice = self.scanners.keys() & self.pedals.keys()
        if twice:
            raise ValueError(f"{min(twice)!r} is a scanner and a pedal: give each its own name")
        for parts in (self.scanners, self.pedals):
            names = [name for name, part in parts.items() if part.device.strip() == By.AUTO]
            if len(names) > 1:
                raise ValueError(
                    f"{' and '.join(map(repr, names))} are both auto: name the device of each"
                )
        return self
