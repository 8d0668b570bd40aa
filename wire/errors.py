"""What can be wrong with something that came over the wire."""


class WireError(ValueError):
    """Something received does not follow the contract; its text is safe to log and to send back."""


class BadTopic(WireError):
    """A topic is not one of ours."""


class BadMessage(WireError):
    """A payload is not JSON, or a field is missing or of the wrong type."""


class UnknownVersion(WireError):
    """A message has a version that this program does not speak; the other side must be upgraded."""
