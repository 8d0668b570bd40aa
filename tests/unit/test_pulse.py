"""A pulse tells a thread that turns from one that hangs."""

from edge.pulse import Pulse
from tests.support.manual_clock import ManualClock


def test_is_felt_for_as_long_as_one_turn_may_take() -> None:
    clock = ManualClock()
    pulse = Pulse(clock.monotonic_ns, patience_s=10)
    clock.advance(9.9)
    assert pulse.is_felt()
    clock.advance(0.1)
    assert not pulse.is_felt()
    pulse.beat()
    assert pulse.is_felt()
