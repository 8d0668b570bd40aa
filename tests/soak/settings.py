"""What a soak is asked for."""

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.plan import Rates

MOST_TABLES = 16


@dataclass(frozen=True, slots=True)
class SoakSettings:
    """All that decides a run; seed, tables, shops and rates decide the plan."""

    data: Path
    """Emptied at the beginning, kept at the end."""
    seed: int
    minutes: float = 5.0
    tables: int = 3
    shops: int = 6
    rates: Rates = field(default_factory=Rates)
    cloud: str = "one"
    """``one`` process on SQLite, or its ``roles`` on PostgreSQL."""
    jobs_of_a_table: int | None = None
    """Ends before the minutes are over when each table has packed so many."""
    most_on_the_way: int = 150
    """Tables rest while so many proofs are closed and not yet at their end."""
    settle_s: float = 180.0
    """How long the end is waited for once the faults have stopped."""
    progress_every_s: float = 30.0

    @property
    def command(self) -> str:
        """What to type for the same plan."""
        return (
            f"make soak MINUTES={self.minutes:g} SEED={self.seed} TABLES={self.tables} "
            f"SHOPS={self.shops} KILLS={self.rates.kills:g}"
            f"{'' if self.cloud == 'one' else f' CLOUD={self.cloud}'}"
        )


def read_settings(arguments: Sequence[str]) -> SoakSettings:
    """The command line; argparse ends the program when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="soak",
        description="Packs at several tables while processes are killed, and counts at the "
        "marketplace's side what buyers got. Ends with 0 when nothing was lost, sent twice, sent "
        "to a wrong buyer or falsely called sent, with 1 when something was, with 2 when it could "
        "not be found out.",
    )
    parser.add_argument("--minutes", type=_positive, default=5.0, help="of packing (%(default)g)")
    parser.add_argument("--seed", type=int, default=None, help="plan to repeat; without: a new one")
    parser.add_argument("--tables", type=int, default=3, choices=range(1, MOST_TABLES + 1))
    parser.add_argument("--shops", type=int, default=6, choices=range(1, 100), metavar="1..99")
    parser.add_argument(
        "--kills", type=float, default=Rates().kills, help="kills in 100 proofs (%(default)g)"
    )
    parser.add_argument(
        "--cloud",
        choices=("one", "roles"),
        default="one",
        help="one process on SQLite, or its roles on PostgreSQL (%(default)s)",
    )
    parser.add_argument(
        "--settle", type=_positive, default=180.0, help="s at the end (%(default)g)"
    )
    parser.add_argument("--data", type=Path, default=Path(".run/soak"), help="folder (%(default)s)")
    given = parser.parse_args(arguments)
    return SoakSettings(
        data=given.data,
        seed=secrets.randbits(32) if given.seed is None else given.seed,
        minutes=given.minutes,
        tables=given.tables,
        shops=given.shops,
        rates=Rates(kills=given.kills),
        cloud=given.cloud,
        settle_s=given.settle,
    )


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number
