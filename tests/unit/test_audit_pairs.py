"""Rows and objects side by side, and what `check` says of them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.main.checking import WOULD_MEND, Report, sentence
from cloud.main.progress import Progress
from cloud.photos.store import PhotoKey, StoredPhoto
from cloud.proofs.audit import Counts, Finding, Wrong, paired
from cloud.proofs.queries import PhotoRow

AT = datetime(2026, 3, 1, tzinfo=UTC)
HASHES = st.sets(st.integers(0, 30).map(lambda number: f"{number:064x}"))


@given(HASHES, HASHES)
def test_each_row_and_object_comes_once_with_its_other_half(
    rows: set[str], stored: set[str]
) -> None:
    pairs = list(
        paired(
            [PhotoRow(sha256, 1, "table") for sha256 in sorted(rows)],
            [StoredPhoto(PhotoKey(1, sha256), 1, AT) for sha256 in sorted(stored)],
        )
    )
    halves = [(row and row.sha256, found and found.key.sha256) for row, found in pairs]
    assert halves == [
        (one if one in rows else None, one if one in stored else None)
        for one in sorted(rows | stored)
    ]


FINDING = Finding(
    Wrong.WRONG_SIZE,
    organisation_id=3,
    sha256="ab" * 32,
    size_bytes=300_000,
    stored_bytes=12,
    device_id="table-1",
    codes=("250301ABC",),
)


def test_a_finding_is_one_line_with_what_helps_to_find_the_photo() -> None:
    assert sentence(FINDING) == (
        f"wrong size: photo {'ab' * 32} of organisation 3, 300000 bytes, stored are 12, "
        "of order 250301ABC, from table-1"
    )


@pytest.mark.parametrize("kind", Wrong)
def test_each_kind_says_what_would_mend_it(kind: Wrong) -> None:
    said: list[str] = []
    report = Report(said.append, as_json=False)
    report.add(Finding(kind, 1, "ab" * 32, 1))
    report.end(Counts(photos=5, objects=4))
    assert said[1] == f"{kind} (1): {WOULD_MEND[kind]}."
    assert said[2] == "checked 5 photos, 4 stored: 1 findings; nothing was changed"


def test_as_json_each_line_is_an_object_and_the_last_has_the_sums() -> None:
    said: list[str] = []
    report = Report(said.append, as_json=True)
    report.add(FINDING)
    report.end(Counts(photos=5, objects=4))
    first, last = map(json.loads, said)
    assert (first["wrong"], first["codes"], first["stored_bytes"]) == (
        "wrong size",
        ["250301ABC"],
        12,
    )
    assert last["checked"] == {"photos": 5, "objects": 4}
    assert last["found"] == {"wrong size": 1}
    assert list(last["would_mend"]) == ["wrong size"]


def test_progress_is_said_now_and_then() -> None:
    said: list[str] = []
    times = iter([0.0, 4.0, 11.0, 12.0, 22.0])
    progress = Progress(said.append, 10.0, lambda: next(times))
    for number in range(4):
        progress(f"so far {number} photos")
    assert said == ["so far 1 photos", "so far 3 photos"]
