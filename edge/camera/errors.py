"""What can go wrong with a camera."""


class CameraError(Exception):
    """Base of all camera errors."""


class CameraMissing(CameraError):
    """No such camera, or it was unplugged."""


class CameraBusy(CameraError):
    """Another process holds the camera; trying again later may help."""


class CameraStalled(CameraError):
    """No fresh frame came in time."""


class CameraFault(CameraError):
    """The camera is there and does not work."""


class EncodeFailed(CameraError):
    """A frame could not become a JPEG."""
