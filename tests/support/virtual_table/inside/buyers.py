"""Runs inside the virtual table: plants orders, and compares what buyers got with the table's disk.

buyers.py URL plant COUNT             prints the orders, one JSON object a line
buyers.py URL compare SPOOL           reads such lines; prints what is wrong with each, or "right"
buyers.py URL count                   reads such lines; prints how many messages each buyer has
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from launcher.errors import NotAsPromised
from launcher.evidence import photos_of, require_exactly
from launcher.marketplace import Marketplace, PlantedOrder


def main(url: str, action: str, *words: str) -> None:
    """One action."""
    marketplace = Marketplace(url)
    match action, words:
        case "plant", (count,):
            for _ in range(int(count)):
                _say(json.dumps(asdict(marketplace.plant_order("PACK"))))
        case "compare", (spool,):
            for order in _orders():
                _say(_compared(marketplace, order, Path(spool)))
        case "count", ():
            for order in _orders():
                chat = marketplace.chat(order.buyer_id)
                _say(str(len(chat.texts) + len(chat.pictures) + chat.others))
        case _:
            raise SystemExit(__doc__)


def _compared(marketplace: Marketplace, order: PlantedOrder, spool: Path) -> str:
    photos = photos_of(spool, order.number)
    try:
        require_exactly(marketplace.chat(order.buyer_id), order.number, photos)
    except NotAsPromised as error:
        return str(error)
    return "right"


def _orders() -> Iterator[PlantedOrder]:
    for line in sys.stdin:
        words = json.loads(line)
        yield PlantedOrder(**{**words, "tracking_numbers": tuple(words["tracking_numbers"])})


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
