"""What a load run is asked for."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.load.exact_photos import LEAST_BYTES

MOST_TABLES = 20_000
MOST_PHOTOS = 3


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """All that decides a run."""

    data: Path
    """Emptied at the beginning and at the end: it holds every photo that was sent."""
    tables: int
    """At the last step."""
    steps: int = 5
    """As many tables are added at each."""
    minutes: float = 2.0
    """Of measuring at each step."""
    photo_bytes: int = 100_000
    photos: int = 3
    every_s: float = 120.0
    """From one proof of a table to its next, on the average."""
    limit_s: float = 5.0
    """Of the 99th percentile from F4 to the receipt; the first step beyond it is the last."""
    restart: bool = True
    """Kill the broker after the steps."""
    restart_tables: int | None = None
    """Tables that stay connected for it; None: those of the last step within the limit."""
    connects_per_s: float = 250.0
    seed: int = 1

    @property
    def sizes(self) -> list[int]:
        """Tables at each step."""
        return sorted(
            {max(1, self.tables * number // self.steps) for number in range(1, self.steps + 1)}
        )

    @property
    def settle_s(self) -> float:
        """From the last connection of a step until its tables close as many proofs as later on."""
        return 0.55 * self.every_s

    @property
    def command(self) -> str:
        """What to type for the same run."""
        return (
            f"make load TABLES={self.tables} STEPS={self.steps} MINUTES={self.minutes:g} "
            f"PHOTO_KB={self.photo_bytes / 1000:g} PHOTOS={self.photos} EVERY={self.every_s:g}"
        )


def read_settings(arguments: Sequence[str]) -> LoadSettings:
    """The command line; argparse ends the program when it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="load",
        description="Plays tables against a real cloud and broker, more at each step, until the "
        "99th percentile from F4 to the receipt exceeds the limit; then kills the broker and "
        "measures how the tables come back.",
    )
    parser.add_argument(
        "--tables", type=_between(1, MOST_TABLES), default=2000, help="at the end (%(default)s)"
    )
    parser.add_argument("--steps", type=_between(1, 50), default=5, help="(%(default)s)")
    parser.add_argument(
        "--minutes", type=_positive, default=2.0, help="of measuring at each step (%(default)g)"
    )
    parser.add_argument(
        "--photo-kb", type=_positive, default=100.0, help="kB of a photo (%(default)g)"
    )
    parser.add_argument("--photos", type=_between(1, MOST_PHOTOS), default=3, help="of a proof")
    parser.add_argument(
        "--every", type=_positive, default=120.0, help="s between proofs of a table (%(default)g)"
    )
    parser.add_argument(
        "--limit", type=_positive, default=5.0, help="s from F4 to the receipt (%(default)g)"
    )
    parser.add_argument(
        "--restart-tables",
        type=_between(0, MOST_TABLES),
        default=None,
        help="tables connected when the broker is killed; 0: it is not killed",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=Path(".run/load"), help="folder (%(default)s)")
    given = parser.parse_args(arguments)
    photo_bytes = round(given.photo_kb * 1000)
    if photo_bytes < LEAST_BYTES:
        parser.error(f"--photo-kb: a picture has at least {LEAST_BYTES} bytes")
    return LoadSettings(
        data=given.data,
        tables=given.tables,
        steps=given.steps,
        minutes=given.minutes,
        photo_bytes=photo_bytes,
        photos=given.photos,
        every_s=given.every,
        limit_s=given.limit,
        restart=given.restart_tables != 0,
        restart_tables=given.restart_tables,
        seed=given.seed,
    )


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise ValueError("must be above 0")
    return number


def _between(least: int, most: int) -> "_Range":
    return _Range(least, most)


@dataclass(frozen=True, slots=True)
class _Range:
    least: int
    most: int

    def __call__(self, text: str) -> int:
        number = int(text)
        if not self.least <= number <= self.most:
            raise argparse.ArgumentTypeError(f"must be {self.least} to {self.most}")
        return number
