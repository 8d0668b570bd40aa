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


class CameraNotSetUp(CameraFault):
    """A person has to change something first: rights, software or settings. Neither starting the
    program nor the machine again would help.
    """


class CameraHangs(CameraFault):
    """The driver does not come back from a call. It holds the device until the process ends."""


class EncodeFailed(CameraError):
    """A frame could not become a JPEG."""
