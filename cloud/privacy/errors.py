"""What stops a change of what is kept."""


class PrivacyError(Exception):
    """Base of the errors of this package."""


class NotSoManyDays(PrivacyError):
    """A kind cannot be kept for so many days; the text says what can be."""


class NoSuchBuyer(PrivacyError):
    """Nothing is known of this buyer."""


class BuyerHeld(PrivacyError):
    """An order of the buyer is kept from deletion."""


class StillSending(PrivacyError):
    """Something may still be sent to the buyer."""
