"""Push: ms from a marketplace's call to our answer, the median. Goal: 100 ms or less.

`packwitness-cloud serve` as a process of its own, on SQLite with its durable writes; four senders,
each push another one and signed. The cloud works them off meanwhile, at the shop's pace of reading.
Beside it, what a page that asks the database and writes nothing takes at the same time.
"""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import httpx

from cloud.main.roles.web import HEALTH_PATH
from sandbox.testing import RunningSandbox, running_sandbox
from tests.benchmarks.support.figures import data_folder, say_figure, say_machine
from tests.support.cloud_program import Cloud
from tests.support.packing_station import describe_shop

GOAL_MS = 100.0
SENDERS = 4
PUSHES = 250
"""Of each sender."""
WARM_UP = 20


class Sender:
    """A marketplace that tells us things, one after the other."""

    def __init__(self, address: str, health: str, sandbox: RunningSandbox, number: int) -> None:
        self._address = address
        self._health = health
        self._sandbox = sandbox
        self._orders = count(number * 10_000)
        self.health_ms: list[float] = []

    def send_all(self) -> list[float]:
        """How long each push took, ms."""
        with httpx.Client() as http:
            took = [self._send(http) for _ in range(WARM_UP + PUSHES)]
        return took[WARM_UP:]

    def _send(self, http: httpx.Client) -> float:
        raw = json.dumps(
            {
                "code": 3,
                "shop_id": self._sandbox.shop_id,
                "timestamp": int(time.time()),
                "data": {"ordersn": f"261018{next(self._orders):08}", "status": "READY_TO_SHIP"},
            }
        ).encode()
        over = self._address.encode() + b"|" + raw
        key = self._sandbox.partner_key.encode()
        signature = hmac.new(key, over, hashlib.sha256).hexdigest()
        began = time.perf_counter()
        answer = http.post(self._address, content=raw, headers={"Authorization": signature})
        took_ms = (time.perf_counter() - began) * 1000
        answer.raise_for_status()
        began = time.perf_counter()
        http.get(self._health).raise_for_status()
        self.health_ms.append((time.perf_counter() - began) * 1000)
        return took_ms


def connected(cloud: Cloud, sandbox: RunningSandbox, folder: Path) -> str:
    """An organisation with the sandbox's shop; the address of its pushes."""
    file = describe_shop(sandbox, folder / "shop.json")
    for arguments in (["init"], ["shop", "connect", str(file)]):
        done = cloud.run(*arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
    said = cloud.run("shop", "push-addresses").stdout.splitlines()
    return str(json.loads(said[0])["address"])


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, running_sandbox() as sandbox:
        cloud = Cloud(folder / "cloud")
        address = connected(cloud, sandbox, folder)
        with cloud.serving():
            health = f"{cloud.url}{HEALTH_PATH}"
            senders = [Sender(address, health, sandbox, number) for number in range(SENDERS)]
            with ThreadPoolExecutor(SENDERS) as pool:
                took = [ms for of_one in pool.map(Sender.send_all, senders) for ms in of_one]
    middle, last = median(took), quantiles(took, n=100)[98]
    beside = median(ms for sender in senders for ms in sender.health_ms)
    say_figure(
        "push",
        f"{middle:.1f} ms (median)",
        goal=f"<= {GOAL_MS:g} ms",
        met=middle <= GOAL_MS,
        measured=f"p99 {last:.0f} ms, {SENDERS} senders with {PUSHES} pushes each;"
        f" a page that writes nothing {beside:.1f} ms",
    )


if __name__ == "__main__":
    main()
