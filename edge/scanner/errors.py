"""What can go wrong with input devices."""


class InputError(Exception):
    """Base of all input device errors."""


class InputFault(InputError):
    """The device can never work as it is set up; the text says what to change."""
