"""What a table makes of the cloud's time, and when it counts as right."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.server_time import MOST_BOUND_S, ServerTime, learned
from edge.spool.manifests import corrected
from edge.system_clock import SystemClock
from edge.uplink.inventory import inventory_parts
from edge.uplink.questions import Questions
from tests.support.manual_clock import ManualClock
from tests.support.uplink_table import HeldPhoto
from wire.messages import Answer, Inventory

SAID = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
S = 1_000_000_000


def test_the_middle_of_question_and_answer_is_wrong_by_half_of_what_lies_between() -> None:
    known = learned(None, SAID, 10 * S, 14 * S)
    assert known == ServerTime(SAID, 12 * S, bound_s=2.0)
    assert known.wall_at(15 * S) == SAID + timedelta(seconds=3)


def test_an_answer_that_took_too_long_says_nothing() -> None:
    assert learned(None, SAID, 0, 11 * S) is None


def test_a_quick_answer_is_worth_more_than_a_slow_one_until_it_is_old() -> None:
    quick = learned(None, SAID, 0, S // 10)
    slow_at = 100 * S
    assert learned(quick, SAID, slow_at, slow_at + 2 * S) is quick
    much_later = 20_000 * S
    again = learned(quick, SAID, much_later, much_later + 2 * S)
    assert again is not quick


def test_what_drifts_is_not_right_for_ever() -> None:
    known = ServerTime(SAID, 0, bound_s=1.0)
    assert known.holds_at(3600 * S)
    assert not known.holds_at(48 * 3600 * S)
    assert known.bound_at(48 * 3600 * S) > MOST_BOUND_S


@pytest.fixture
def unsynced(tmp_path: Path) -> SystemClock:
    return SystemClock(always_synced=False, synchronized=tmp_path / "synchronized")


def tell(clock: SystemClock, off: timedelta) -> None:
    now_ns = clock.monotonic_ns()
    clock.hear(datetime.now(UTC) + off, now_ns - 1, now_ns)


OFF = timedelta(days=400)


def test_without_time_server_the_clouds_time_counts(unsynced: SystemClock) -> None:
    before = unsynced.now()
    assert not before.synced
    tell(unsynced, OFF)
    after = unsynced.now()
    assert after.synced
    assert after.wall - before.wall >= OFF


def test_a_photo_of_before_is_corrected_by_it(unsynced: SystemClock) -> None:
    """Of the same boot, by the monotonic clock (edge-hardware 6.3)."""
    photo = unsynced.now()
    tell(unsynced, OFF)
    right = corrected(photo, unsynced.now())
    assert right.synced
    assert right.wall - photo.wall >= OFF - timedelta(seconds=1)


def test_the_sites_time_server_counts_more(tmp_path: Path) -> None:
    synchronized = tmp_path / "synchronized"
    synchronized.touch()
    clock = SystemClock(always_synced=False, synchronized=synchronized)
    tell(clock, OFF)
    assert clock.now().wall - datetime.now(UTC) < timedelta(days=1)


@pytest.mark.parametrize(
    ("off", "words"),
    [(OFF, "behind the cloud's"), (-OFF, "ahead of the cloud's")],
)
def test_a_clock_that_is_off_is_said_even_if_it_counts_as_right(off: timedelta, words: str) -> None:
    clock = SystemClock(always_synced=True)
    assert clock.faults() == []
    tell(clock, timedelta(seconds=1))
    assert clock.faults() == []
    wrong = SystemClock(always_synced=True)
    tell(wrong, off)
    [fault] = wrong.faults()
    assert words in fault
    assert len(fault) <= 100


# --- questions ---------------------------------------------------------------------------------


class Ear:
    """Questions of a connection, and what they heard of the time."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.heard: list[tuple[datetime, int, int]] = []
        self.questions = Questions("1-1", self.clock, lambda *what: self.heard.append(what))

    def ask(self) -> str:
        return Inventory.from_bytes(self.questions.about()).correlation


def test_an_answer_tells_the_time_of_its_own_question() -> None:
    ear = Ear()
    asked_ns = ear.clock.monotonic_ns()
    name = ear.ask()
    ear.clock.advance(2)
    ear.questions.answered(Answer(correlation=name, now=SAID))
    assert ear.heard == [(SAID, asked_ns, asked_ns + 2 * S)]


def test_the_first_part_of_a_long_inventory_does_too() -> None:
    ear = Ear()
    name = ear.questions.correlation()
    first, second = inventory_parts(
        [HeldPhoto(f"{number:064x}", 1) for number in range(2)],
        [],
        [],
        room_bytes=1,
        correlation=name,
    )
    ear.questions.answered(Answer(correlation=first.correlation, now=SAID))
    ear.questions.answered(Answer(correlation=second.correlation, now=SAID))
    assert len(ear.heard) == 1


def test_no_other_answer_does() -> None:
    """Not a second part, nor a stranger's, nor one of a cloud that tells no time."""
    ear = Ear()
    name = ear.ask()
    ear.questions.answered(Answer(correlation=name))
    ear.questions.answered(Answer(correlation=name, now=SAID))
    ear.questions.answered(Answer(correlation="9-9-9", now=SAID))
    ear.questions.answered(Answer(now=SAID))
    assert ear.heard == []


def test_the_time_is_asked_for_every_hour_at_least() -> None:
    ear = Ear()
    assert ear.questions.time_due_at == 0
    ear.ask()
    assert ear.questions.time_due_at == ear.clock.monotonic_ns() / 1e9 + 3600
