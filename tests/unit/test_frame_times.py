"""The bound on when a webcam's frame began: a picture older than the press is never believed."""

from hypothesis import given
from hypothesis import strategies as st

from edge.camera.frame_times import FrameTimes

MS = 1_000_000
PERIOD = 40 * MS


def test_a_frame_that_was_waited_for_began_one_period_before_it_was_grabbed() -> None:
    times = FrameTimes(PERIOD, opened_ns=1000 * MS)
    times.began_ns(1000 * MS, 1040 * MS)
    assert times.began_ns(1041 * MS, 1080 * MS) == 1040 * MS


def test_a_frame_from_the_queue_is_as_old_as_its_place_in_the_row() -> None:
    times = FrameTimes(PERIOD, opened_ns=1000 * MS)
    times.began_ns(1000 * MS, 1040 * MS)
    # The reader was away for 200 ms; four finished frames wait and are grabbed at once.
    grabs = [times.began_ns(1240 * MS, 1241 * MS) for _ in range(4)]
    assert grabs == [1040 * MS, 1080 * MS, 1120 * MS, 1160 * MS]


def test_in_the_dark_frames_take_longer_and_the_frame_before_is_the_bound() -> None:
    times = FrameTimes(PERIOD, opened_ns=1000 * MS)
    times.began_ns(1000 * MS, 1040 * MS)
    assert times.began_ns(1041 * MS, 1160 * MS) == 1040 * MS


def test_frames_already_waiting_at_the_opening_are_older_than_it() -> None:
    times = FrameTimes(PERIOD, opened_ns=1000 * MS)
    assert times.began_ns(1200 * MS, 1201 * MS) <= 1000 * MS


@given(
    st.lists(st.integers(min_value=0, max_value=300), min_size=1, max_size=40),
    st.integers(min_value=1, max_value=4),
)
def test_the_bound_is_never_later_than_the_truth(pauses_ms: list[int], depth: int) -> None:
    """A queue of ``depth`` frames that keeps the oldest, and a reader with pauses of any length."""
    times = FrameTimes(PERIOD, opened_ns=0)
    queue: list[int] = []
    finished, now = 0, 0

    def pass_time(until: int) -> None:
        nonlocal finished
        while finished + PERIOD <= until:
            finished += PERIOD
            if len(queue) < depth:
                queue.append(finished)

    for pause in pauses_ms:
        now += pause * MS
        pass_time(now)
        asked = now
        if not queue:
            now = finished + PERIOD
            pass_time(now)
        truth = queue.pop(0) - PERIOD
        # A frame that came just after the call looks queued or waited for; both must hold.
        assert times.began_ns(asked, now) <= truth
