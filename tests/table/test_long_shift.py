"""Scenario 10: a shift, compressed: an order every ten seconds, and nothing that grows."""

import logging
import os
import threading
import time
from dataclasses import dataclass

import pytest

from tests.support.virtual_table.virtual_table import VirtualTable

MINUTES = float(os.environ.get("VIRTUAL_TABLE_MINUTES", "3"))
PACE_S = 10.0
WARM_UP = 5
"""Orders until caches are filled."""

pytestmark = [pytest.mark.table, pytest.mark.timeout(1800 + 3 * 60 * MINUTES)]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weight:
    memory_kib: int
    descriptors: int
    threads: int


def weigh(table: VirtualTable) -> Weight:
    said = table.machine.run(
        """
pid=$(systemctl show -p MainPID --value packwitness-edge)
awk '/^VmRSS|^Threads/ { print $2 }' /proc/$pid/status
ls /proc/$pid/fd | wc -l"""
    )
    memory, threads, descriptors = map(int, said.split())
    return Weight(memory, descriptors, threads)


def test_memory_descriptors_and_threads_stay_flat(table: VirtualTable) -> None:
    """VIRTUAL_TABLE_MINUTES says for how long."""
    table.power_on()
    orders = table.plant(int(MINUTES * 60 / PACE_S) + WARM_UP)
    end = time.monotonic() + MINUTES * 60
    weights: list[Weight] = []
    packed = 0
    while packed < WARM_UP or (time.monotonic() < end and packed < len(orders)):
        next_at = time.monotonic() + PACE_S
        table.pack(orders[packed])
        packed += 1
        if packed >= WARM_UP:
            weights.append(weigh(table))
        threading.Event().wait(max(0.0, next_at - time.monotonic()))
    table.require_sent(orders[:packed], limit_s=600.0)
    weights.append(weigh(table))
    log.info("%d orders; at first %s, at last %s", packed, weights[0], weights[-1])
    assert weights[-1].descriptors <= weights[0].descriptors + 2
    assert weights[-1].threads <= weights[0].threads
    assert weights[-1].memory_kib <= weights[0].memory_kib * 1.15
