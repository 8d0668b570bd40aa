"""Runs inside the virtual table: takes an input device for itself and prints the keys pressed."""

import sys

import evdev


def main(path: str) -> None:
    """Until the device is gone; then the error is the last that is printed."""
    device = evdev.InputDevice(path)
    device.grab()
    _say("grabbed")
    try:
        for event in device.read_loop():
            if event.type == evdev.ecodes.EV_KEY and event.value == 1:
                _say(str(evdev.ecodes.KEY[event.code]))
    except OSError as error:
        _say(str(error.strerror))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
