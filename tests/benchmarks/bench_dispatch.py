"""Dispatch: messages per second with 50 shops at an idle sandbox. Goal: at least 0.7 of bare.

Bare is a loop over the same number of workers, each with its own httpx client over one TLS context,
which makes the calls that the sandbox logged for one of our orders. Both begin with proofs that are
taken in and orders that are known; reading the chat and planning are part of ours.
"""

import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median

import httpx
from sqlalchemy import func, select

from cloud.conversations.models import Message
from cloud.conversations.states import MessageState
from cloud.database.feed import ChangeFeed
from cloud.database.scope import system
from cloud.database.write import Database
from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.settings import DispatcherSettings
from cloud.marketplaces.http_clients import HttpClients
from cloud.migrations.upgrade import upgrade
from cloud.shops.gateway import ShopGateway
from sandbox.testing import SandboxControl
from tests.benchmarks.support.figures import (
    data_folder,
    interleaved,
    say,
    say_figure,
    say_machine,
)
from tests.benchmarks.support.many_shops import PHOTOS, Plan, PlantedOrder, Seller, access_token
from tests.benchmarks.support.replay import names_of, replay
from tests.benchmarks.support.sandbox_process import running_sandbox
from tests.support.shopee_caller import ShopeeCaller

SHOPS = 50
WORKERS = DispatcherSettings().senders
ORDERS_PER_ROUND = SHOPS
ROUNDS = 5
GOAL = 0.7
MESSAGES_PER_ORDER = PHOTOS + 1
PATIENCE_S = 120.0


@dataclass(slots=True)
class Rig:
    """Both ways to empty a queue of orders."""

    database: Database
    seller: Seller
    control: SandboxControl
    base_url: str
    ours_left: Iterator[PlantedOrder]
    bare_left: Iterator[PlantedOrder]
    calls: tuple[str, ...] = ()

    def ours(self) -> float:
        """Messages per second, from the start of the dispatcher to the last message sent."""
        orders = _some(self.ours_left)
        for order in orders:
            self.seller.pack(order)
        sent_before = self._sent()
        with _dispatcher(self.database, self.seller) as dispatcher:
            began_s = time.perf_counter()
            dispatcher.start()
            wanted = sent_before + len(orders) * MESSAGES_PER_ORDER
            self._wait_for(wanted)
            return (wanted - sent_before) / (time.perf_counter() - began_s)

    def bare(self) -> float:
        """Messages per second of the bare loop."""
        waiting: SimpleQueue[PlantedOrder] = SimpleQueue()
        orders = _some(self.bare_left)
        for order in orders:
            waiting.put(order)
        tls = httpx.create_ssl_context()
        workers = [
            threading.Thread(target=self._bare_worker, args=(waiting, tls)) for _ in range(WORKERS)
        ]
        began_s = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return len(orders) * MESSAGES_PER_ORDER / (time.perf_counter() - began_s)

    def learn_calls(self) -> None:
        """One order, to see what our flow asks the marketplace."""
        self.seller.pack(next(self.ours_left))
        with _dispatcher(self.database, self.seller) as dispatcher:
            dispatcher.start()
            self._wait_for(MESSAGES_PER_ORDER)
        self.calls = names_of(self.control.requests())

    def _bare_worker(self, waiting: "SimpleQueue[PlantedOrder]", tls: ssl.SSLContext) -> None:
        with httpx.Client(verify=tls, timeout=20.0) as client:
            while True:
                try:
                    order = waiting.get_nowait()
                except Empty:
                    return
                caller = ShopeeCaller(
                    self.base_url,
                    shop_id=order.shop_id,
                    access_token=access_token(order.shop_id),
                    http=client,
                )
                replay(caller, self.calls, order.parcel)

    def _wait_for(self, messages: int) -> None:
        end_s, pause = time.monotonic() + PATIENCE_S, threading.Event()
        while self._sent() < messages:
            if time.monotonic() > end_s:
                raise TimeoutError(f"{self._sent()} of {messages} messages were sent")
            pause.wait(0.05)

    def _sent(self) -> int:
        with self.database.read(system("the benchmark")) as session:
            statement = select(func.count(Message.id)).where(Message.state == MessageState.SENT)
            return session.scalar(statement) or 0


def _some(orders: Iterator[PlantedOrder]) -> Sequence[PlantedOrder]:
    return [next(orders) for _ in range(ORDERS_PER_ROUND)]


@contextmanager
def _dispatcher(database: Database, seller: Seller) -> Iterator[Dispatcher]:
    """One as the cloud runs it, not started yet."""
    feed, clients = ChangeFeed(database), HttpClients()
    dispatcher = Dispatcher(
        database=database,
        store=seller.store,
        feed=feed,
        gateway=ShopGateway(database, seller.box, clients),
        settings=DispatcherSettings(),
        on_death=_died,
    )
    try:
        yield dispatcher
    finally:
        feed.close()
        dispatcher.stop()
        clients.close()


def _died(error: BaseException) -> None:
    say(f"a thread of the dispatcher died: {error!r}")


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Sandbox, database, and the rows of 50 shops."""
    plan = Plan(SHOPS, ROUNDS + 2)
    with ExitStack() as stack:
        base_url = stack.enter_context(running_sandbox(folder, plan))
        database = stack.enter_context(Database.open(f"sqlite:///{folder / 'cloud.sqlite3'}"))
        upgrade(database.engines)
        control = SandboxControl(base_url)
        stack.callback(control.close)
        seller = Seller(database, folder, plan, base_url)
        yield Rig(database, seller, control, base_url, iter(plan.ours), iter(plan.bare))


def main() -> None:
    """Measure and print."""
    say_machine()
    with data_folder() as folder, rig(folder) as measured:
        measured.learn_calls()
        measured.ours()
        measured.bare()
        speeds = interleaved(ROUNDS, measured.ours, measured.bare)
    say_figure(
        "dispatch",
        f"{speeds.ratio:.2f} of the bare loop",
        goal=f">= {GOAL:g}",
        met=speeds.ratio >= GOAL,
        measured=f"ours {median(speeds.ours):.0f} messages/s, bare {median(speeds.bare):.0f}/s"
        f" ({SHOPS} shops, {WORKERS} workers, {ROUNDS} rounds of {ORDERS_PER_ROUND} orders each)",
    )
    say(f"  calls for an order: {', '.join(call.strip() for call in measured.calls)}")


if __name__ == "__main__":
    main()
