"""How far the counts of this process moved, since counts are the process's and never begin anew."""

from collections.abc import Callable

from cloud.metrics import REGISTRY


def value(name: str, **labels: str) -> float:
    """The value of one time series; 0 for one that never was."""
    return REGISTRY.get_sample_value(f"packwitness_{name}", labels) or 0.0


def since_now(name: str, **labels: str) -> Callable[[], float]:
    """A look at how much it grew since this call."""
    before = value(name, **labels)
    return lambda: value(name, **labels) - before
