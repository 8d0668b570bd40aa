"""When a frame began whose camera does not say so. Pure."""


def exposure_began_ns(sensor_ns: int, exposure_us: int | None, period_ns: int) -> int:
    """Beginning of an exposure whose first line was read at ``sensor_ns``.

    Where the camera does not tell how long it exposed (libcamera's vimc), it was a frame's period
    at most, so the frame counts as begun that much earlier.
    """
    return sensor_ns - (period_ns if exposure_us is None else exposure_us * 1000)


class FrameTimes:
    """The earliest moment at which a grabbed frame can have begun.

    A webcam gives no time of exposure, and V4L2 keeps about four finished frames: after a pause a
    grab returns at once, with a picture older than the call (opencv issues 11047, 13145). So a
    frame counts as finished "now" only if the grab had to wait for it. Otherwise it is the next of
    the row: one period after the frame before it. Where frames come slower than the nominal period
    (webcams expose longer in the dark), the frame before is the bound.
    """

    def __init__(self, period_ns: int, opened_ns: int) -> None:
        self._period_ns = period_ns
        self._last_end_ns = opened_ns

    def began_ns(self, asked_ns: int, grabbed_ns: int) -> int:
        """Bound for the frame that was asked for and grabbed at these moments."""
        waited = grabbed_ns - asked_ns > self._period_ns // 4
        end_ns = grabbed_ns if waited else min(grabbed_ns, self._last_end_ns + self._period_ns)
        began_ns = min(end_ns - self._period_ns, self._last_end_ns)
        self._last_end_ns = end_ns
        return began_ns
