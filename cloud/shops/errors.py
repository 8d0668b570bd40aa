"""What can be refused about shops."""


class ShopError(Exception):
    """Base of the errors of shops."""


class NotAuthorized(ShopError):
    """The shop has no usable authorization for the purpose; a person must authorize it."""


class ShopExists(ShopError):
    """The shop is connected already."""
