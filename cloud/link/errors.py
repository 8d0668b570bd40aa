"""What can go wrong between the cloud and its broker."""


class LinkError(Exception):
    """Base of the errors of the link."""


class LineLost(LinkError):
    """There is no usable connection now: not reached, refused, or ended. Transient: try again."""
