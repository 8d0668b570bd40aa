"""How long to wait before the next try. Pure: randomness is given."""

from edge.uplink.settings import BackOff


def wait_s(policy: BackOff, attempt: int, draw: float) -> float:
    """Seconds before try number ``attempt`` (0 is the first) may start.

    The ceiling doubles from ``first_s`` to ``longest_s``; the wait lies between half of it and all
    of it. ``draw`` (0 to 1) spreads a fleet whose broker came back: paho's own waits have no jitter
    (edge-hardware 5.1, 11).
    """
    # beyond 2**30 the ceiling is long reached; the bound keeps the float from overflowing
    ceiling_s = min(policy.longest_s, policy.first_s * 2.0 ** min(attempt, 30))
    return ceiling_s * (0.5 + 0.5 * draw)
