"""The pure parts of the load generator: pictures, plan, and what is made of times."""

import hashlib
import io
from itertools import islice
from random import Random

import pytest
from PIL import Image

from tests.load.exact_photos import LEAST_BYTES, Photos
from tests.load.ledger import Ledger, per_second, percentiles
from tests.load.load_plan import Act, acts
from tests.load.load_settings import LoadSettings, read_settings
from tests.load.machine import Sample, Use

# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size_bytes", [LEAST_BYTES, LEAST_BYTES + 1, 65_000, 66_300, 98_304, 98_305, 300_000, 1_000_001]
)
def test_a_picture_has_exactly_the_size_and_can_be_opened(size_bytes: int) -> None:
    jpeg = Photos(size_bytes).jpeg(7)
    assert len(jpeg) == size_bytes
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.load()
        assert picture.format == "JPEG"


def test_every_picture_differs_and_its_hash_is_told_without_making_it() -> None:
    photos = Photos(100_000)
    hashes = {photos.sha256(serial) for serial in range(50)}
    assert len(hashes) == 50
    assert photos.sha256(12) == hashlib.sha256(photos.jpeg(12)).hexdigest()


def test_a_picture_smaller_than_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match=str(LEAST_BYTES)):
        Photos(LEAST_BYTES - 1)


# --- the plan -------------------------------------------------------------------------------------


def test_an_order_is_scanned_photographed_and_sent_before_the_next() -> None:
    planned = list(islice(acts(0.0, 120.0, 3, Random(1)), 60))
    assert [one.act for one in planned] == 10 * [
        Act.SCAN,
        *3 * [Act.PHOTO],
        Act.SEND,
        Act.READY,
    ]
    times = [one.at_s for one in planned]
    assert times == sorted(times)


def test_tables_close_one_proof_in_each_interval_on_the_average_from_half_of_the_first_on() -> None:
    chance = Random(1)
    every_s, tables = 120.0, 400
    sends = [
        one.at_s
        for _ in range(tables)
        for one in islice(acts(0.0, every_s, 3, chance), 60)
        if one.act is Act.SEND
    ]
    for begin in (0.5, 1.5, 2.5, 3.5):
        within = [at_s for at_s in sends if begin <= at_s / every_s < begin + 1]
        assert len(within) == pytest.approx(tables, rel=0.15)


# --- times ----------------------------------------------------------------------------------------


def test_percentiles() -> None:
    took = percentiles([float(one) for one in range(100, 0, -1)])
    assert (took.count, took.p50_s, took.p95_s, took.p99_s, took.longest_s) == (
        100,
        51.0,
        96.0,
        100.0,
        100.0,
    )
    assert percentiles([]).p99_s == 0.0


def test_figures_count_what_came_within_the_time() -> None:
    ledger = Ledger(limit_s=5.0)
    ledger.close("before", 1.0)
    ledger.receipt("before", 2.0)
    ledger.close("across", 9.0)
    ledger.receipt("across", 11.0)
    ledger.close("within", 12.0)
    ledger.receipt("within", 12.5)
    figures = ledger.figures(10.0, 20.0)
    assert (figures.closed, figures.receipted, figures.waiting) == (1, 2, 0)
    assert figures.proofs_per_minute == 12.0
    assert figures.took.longest_s == 2.0


def test_what_waits_longer_than_the_limit_counts_as_slow() -> None:
    """Else a cloud that receipts nothing any more would look fast."""
    ledger = Ledger(limit_s=5.0)
    for number in range(10):
        ledger.close(f"quick {number}", 10.0)
        ledger.receipt(f"quick {number}", 10.1)
    ledger.close("lost", 11.0)
    ledger.close("young", 19.0)
    figures = ledger.figures(10.0, 20.0)
    assert figures.took.p99_s == 9.0
    assert figures.took.count == 11
    assert figures.waiting == 2


def test_a_receipt_that_comes_twice_is_counted_apart() -> None:
    ledger = Ledger(limit_s=5.0)
    ledger.close("a", 1.0)
    ledger.receipt("a", 2.0)
    ledger.receipt("a", 3.0)
    assert (ledger.receipted, ledger.repeated) == (1, 1)


def test_the_last_slow_receipt_is_found() -> None:
    ledger = Ledger(limit_s=5.0)
    for number, (closed_s, receipted_s) in enumerate([(1, 9), (2, 10), (8, 11)]):
        ledger.close(str(number), closed_s)
        ledger.receipt(str(number), receipted_s)
    assert ledger.last_slow_s(8.0) == 10
    assert ledger.last_slow_s(10.5) is None


def test_times_are_counted_by_seconds() -> None:
    assert per_second([9.0, 10.0, 10.9, 13.0], 10.0) == [2, 0, 0, 1]
    assert per_second([], 10.0) == []


def test_cores_are_told_apart_from_those_of_others() -> None:
    before = Sample(10.0, {"cloud": Use(1.0, 5), "mosquitto": Use(0.0, 5)}, busy_s=100.0)
    after = Sample(20.0, {"cloud": Use(6.0, 5), "mosquitto": Use(1.0, 5)}, busy_s=118.0)
    assert after.cores_since(before) == pytest.approx(
        {"cloud": 0.5, "mosquitto": 0.1, "others": 1.2}
    )


def test_a_process_that_was_started_again_counts_from_its_beginning() -> None:
    before = Sample(10.0, {"mosquitto": Use(9.0, 5)}, busy_s=100.0)
    after = Sample(20.0, {"mosquitto": Use(2.0, 5)}, busy_s=102.0)
    assert after.cores_since(before) == pytest.approx({"mosquitto": 0.2, "others": 0.0})


# --- what is asked for ----------------------------------------------------------------------------


def test_steps_add_equally_many_tables() -> None:
    settings = read_settings(["--tables", "1000", "--steps", "4", "--photo-kb", "300"])
    assert settings.sizes == [250, 500, 750, 1000]
    assert settings.photo_bytes == 300_000
    assert "TABLES=1000 STEPS=4" in settings.command


@pytest.mark.parametrize(
    "arguments",
    [["--tables", "0"], ["--tables", "1000000"], ["--minutes", "0"], ["--photo-kb", "0.1"]],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_settings(arguments)
    assert arguments[0] in capsys.readouterr().err


def test_no_step_is_without_tables() -> None:
    assert LoadSettings(data=read_settings([]).data, tables=2, steps=5).sizes == [1, 2]
