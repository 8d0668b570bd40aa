"""kill -9 at any moment: whatever was announced as saved is there."""

import subprocess
import sys
from pathlib import Path

from edge.spool.records import SendableManifest
from tests.support.spool_table import TableClock, assert_in_order, open_spool, sha256

KILLS = 8


def run_until_killed(directory: Path, first: int, lines: int) -> list[str]:
    """What the writer announced; it is killed after so many lines, wherever it is then."""
    command = [sys.executable, "-m", "tests.support.photo_writer", str(directory), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
    assert all(said), "the writer ended by itself"
    return said


def test_what_was_announced_survives_the_kill(tmp_path: Path) -> None:
    """Promise 1: nothing is lost once it is said to be saved."""
    photos: set[str] = set()
    proofs: set[str] = set()
    for kill in range(KILLS):
        # other numbers of lines end in other steps; the writer runs on while it is being killed
        for line in run_until_killed(tmp_path, 1000 * kill, 3 + kill):
            kind, name = line.split()
            (photos if kind == "photo" else proofs).add(name)

        spool = open_spool(tmp_path, TableClock())
        assert spool.recovery.damaged_journal is None
        assert spool.recovery.lost == ()
        waiting = spool.manifests_to_send(10_000)
        assert proofs <= {manifest.digest for manifest in waiting}
        assert photos <= {photo.sha256 for photo in spool.photos_to_send(10_000)}
        for name in photos:
            assert sha256(spool.read_photo(name)) == name
        assert_all_named_are_there(waiting, {p.sha256 for p in spool.photos_to_send(10_000)})
        spool.close()
        assert_in_order(tmp_path)
    assert len(proofs) >= KILLS


def assert_all_named_are_there(waiting: list[SendableManifest], photos: set[str]) -> None:
    for manifest in waiting:
        assert set(manifest.sha256s) <= photos
