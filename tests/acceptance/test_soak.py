"""The soak itself, small: two tables, two shops, each kind of process killed."""

import sys
from pathlib import Path

import pytest

from tests.soak.plan import Freeze, Kill, Rates, Victim, job
from tests.soak.report import lines
from tests.soak.run import soak
from tests.soak.settings import SoakSettings

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(400)]

SEED = 226
JOBS = 14
RATES = Rates(kills=25, freezes=10, cuts=10, troubles=20)


@pytest.mark.parametrize("cloud", ["one", "roles"])
def test_a_small_soak_with_kills_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, cloud: str
) -> None:
    """Promises 1 and 2; and the soak packs what its plan says, and kills what it says."""
    settings = SoakSettings(
        data=tmp_path / "soak",
        seed=SEED,
        minutes=5,
        tables=2,
        shops=2,
        rates=RATES,
        cloud=cloud,
        jobs_of_a_table=JOBS,
    )
    planned = [
        job(SEED, table, index, shops=2, rates=RATES) for table in range(2) for index in range(JOBS)
    ]
    faults = [fault.what for one in planned for fault in one.faults]
    assert {one.victim for one in faults if isinstance(one, Kill)} == set(Victim)
    assert any(isinstance(one, Freeze) for one in faults)

    outcome = soak(settings, say)
    for line in lines(outcome, settings):
        say(line)

    assert outcome.verdict.is_clean
    assert outcome.given_up == []
    assert outcome.is_settled
    assert outcome.verdict.closed == sum(not one.is_left for one in planned)
    assert outcome.verdict.sent + outcome.verdict.waiting.total() == outcome.verdict.closed
    assert outcome.done.kills.total() > 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
