"""What can be refused about shops."""


class ShopError(Exception):
    """Base of the errors of shops."""


class NotAuthorized(ShopError):
    """The shop has no usable authorization for the purpose; a person must authorize it."""


class ShopExists(ShopError):
    """The shop is connected already."""


class AppMissing(ShopError):
    """The organisation has not entered the keys of an app for this channel and purpose."""


class RequestUnknown(ShopError):
    """Nobody of this organisation is on the way back from a consent page with this state."""


class ShopOfAnother(ShopError):
    """The shop is connected by another organisation."""


class CannotSend(ShopError):
    """No app can write in the chats of this channel and country."""


class RuleNotRead(ShopError):
    """The marketplace's rule about such messages has to be read and confirmed first."""


class NothingOffered(ShopError):
    """A consent brought only shops of countries where none can be connected."""
