"""What a device looks like. Pure. Only for ``auto``: a device that is named is taken as named."""

from edge.scanner.binding import Plugged
from edge.scanner.decoding.key_names import CODES

_PEDALS = frozenset(
    {
        # PCsensor, also under other names, and others (edge-hardware 3.4)
        "0c45:7403",
        "0c45:7404",
        "413d:2107",
        "1a86:e026",
        "3553:b001",
        "5131:2019",
        "0426:3011",
        "055a:0998",
    }
)
_SCANNER_MAKERS = frozenset(
    # Symbol/Zebra, Metrologic/Honeywell, Hand Held Products, Datalogic, Newland, Opticon
    (0x05E0, 0x0C2E, 0x0536, 0x05F9, 0x1EAB, 0x065A)
)
_PEDAL_WORDS = ("pedal", "footswitch", "foot switch")
_SCANNER_WORDS = ("barcode", "bar code", "scanner", "scan ")
_TYPED = frozenset(
    CODES[name] for name in ["a", "e", "z", "0", "1", "9", "leftshift", "minus", "enter"]
)  # what a device needs to type any code


def is_pedal(device: Plugged) -> bool:
    """Whether it is known as a pedal."""
    return bool(device.keys) and (device.model in _PEDALS or _says(device, _PEDAL_WORDS))


def is_scanner(device: Plugged) -> bool:
    """Whether it says that it is a scanner."""
    says_so = device.vendor in _SCANNER_MAKERS or _says(device, _SCANNER_WORDS)
    return can_type(device) and says_so and not is_pedal(device)


def can_type(device: Plugged) -> bool:
    """Whether it has the keys of a keyboard, as every scanner that types has."""
    return device.keys >= _TYPED


def _says(device: Plugged, words: tuple[str, ...]) -> bool:
    name = f"{device.name} ".casefold()
    return any(word in name for word in words)
