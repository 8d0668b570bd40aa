"""Why a marketplace's call to us is not taken in."""


class PushRefused(Exception):
    """Base of the refusals; the texts tell a caller nothing that it does not know."""


class UnknownAddress(PushRefused):
    """No app of ours has its pushes sent to this address."""


class WrongSignature(PushRefused):
    """It is not signed with the app's key over the registered address and the body."""


class OutsideWindow(PushRefused):
    """It was told too long ago, or in the future: it may be a replay."""
