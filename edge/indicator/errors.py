"""What can go wrong with a light."""


class IndicatorError(Exception):
    """Base of all indicator errors."""


class IndicatorFault(IndicatorError):
    """The outputs cannot be had; the text says what to do."""
