"""What can go wrong with input devices."""


class InputError(Exception):
    """Base of all input device errors."""


class InputFault(InputError):
    """The device can never work as it is set up; the text says what to change."""


class InputUnavailable(InputError):
    """The device cannot be used now and may be later; the text follows the device's name."""
