"""Whether a part begins with the result of the one before it, decided by the test.

By itself it depends on which is faster, its upload or the request before it.
"""

from concurrent.futures import Future
from enum import Enum

import pytest

from cloud.dispatcher import sending
from cloud.dispatcher.preparing import Ready
from tests.support.dispatch_bench import Bench, Packed

_UPLOAD_LIMIT_S = 20


class Uploads(Enum):
    """When the uploads that run ahead are done."""

    EARLY = "early"
    """Before the request ahead of them is answered: the part begins with that result."""
    LATE = "late"
    """After it: the part is only claimed with that result."""


def let_uploads_be(monkeypatch: pytest.MonkeyPatch, uploads: Uploads) -> None:
    """For all dispatchers of this test."""

    def so_far(ahead: "Future[Ready]") -> Ready | None:
        if uploads is Uploads.LATE:
            return None
        return None if ahead.exception(_UPLOAD_LIMIT_S) else ahead.result()

    monkeypatch.setattr(sending, "_result_so_far", so_far)


def began_with_the_result_before(bench: Bench, packed: Packed, place: int) -> bool:
    """Whether the first request of a part was begun by the very write that ended the one before."""
    before, part = bench.messages_of(packed)[place - 1 : place + 1]
    return bench.attempts_of(part)[0].started_at == bench.attempts_of(before)[-1].finished_at
