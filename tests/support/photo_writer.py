"""Packs orders for ever and says what is saved once it is: ``python -m`` this, then kill it."""

import os
import sys
from itertools import count
from pathlib import Path

from tests.support.spool_table import TableClock, jpeg, open_spool, proof_id
from wire.messages import Closing, Mode


def main(directory: Path, first: int) -> None:
    clock = TableClock()
    spool = open_spool(directory, clock)
    for number in count(first):
        spool.open_proof(proof_id(number), f"CODE{number}", Mode.PACKING, clock.now())
        for photo in range(3):
            data = jpeg(number * 3 + photo, 20_000)
            saved = spool.save_photo(proof_id(number), photo, data, clock.now(), "sim")
            say("photo", saved.sha256)
        manifest = spool.close_proof(proof_id(number), Closing.SEND, clock.now())
        say("proof", manifest.digest)


def say(kind: str, name: str) -> None:
    """In one write, so that a kill cannot cut a line."""
    os.write(1, f"{kind} {name}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
