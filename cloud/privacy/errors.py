"""What stops a change of what is kept."""


class PrivacyError(Exception):
    """Base of the errors of this package."""


class NotSoManyDays(PrivacyError):
    """A kind cannot be kept for so many days; the text says what can be."""
