"""What can be wrong with a request, beyond what HTTP has words for."""


class DashboardError(Exception):
    """Base of the errors of the pages."""


class PhotoNotShown(DashboardError):
    """The stored bytes cannot be made into a small picture."""


class UploadRefused(DashboardError):
    """What a browser sent is not taken in, and never will be; the text says why."""
