"""A packer at a table whose power goes at random moments, and what was promised until then."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edge.indicator.signs import Colour, Sign, photos_sign
from launcher.marketplace import PlantedOrder
from tests.support.virtual_table.light import Phase
from tests.support.virtual_table.uml_machine import MachineError
from tests.support.virtual_table.virtual_table import VirtualTable

PHOTOS = 3
ONE_ORDER_S = 14.0
"""About as long as packing takes here: scan, three photos, F4 and the sign."""
WHILE_STARTING = 0.2
"""Share of the cuts that come while the table starts, and makes up for the cut before."""
START_S = 20.0
WITH_CLOUD = 0.3
"""Share of the starts with a cloud in reach, which takes most of the guest's time while it starts.
What was packed in between is on its way then, when the next cut comes."""


@dataclass
class Promise:
    """What the light has said of an order, before the power went."""

    order: PlantedOrder
    began: int
    """Place in the record of the light."""
    asked_to_send: bool = False
    ended: int | None = None
    photos: int = 0

    def was_saved(self, phases: list[Phase]) -> bool:
        """Whether "saved" was to be seen, were it for a moment.

        From the press of F4 on nothing else is green before it.
        """
        shown = phases[self.began : self.ended]
        return self.asked_to_send and any(one.colour is Colour.GREEN for one in shown)


@dataclass
class Cuts:
    """Packs on, order after order, through power cuts."""

    table: VirtualTable
    chance: random.Random
    promises: list[Promise] = field(default_factory=list)

    def pack_until_cut(self, orders: list[PlantedOrder]) -> None:
        """Power on, and pack until the power goes."""
        cloud = self.chance.random() < WITH_CLOUD
        if self.chance.random() < WHILE_STARTING:
            self._cut_while_starting(cloud)
        self.table.power_on(cloud=cloud)
        with self._cut_after(self.chance.uniform(0.0, ONE_ORDER_S)):
            while True:
                self._pack(orders.pop())

    def _cut_while_starting(self, cloud: bool) -> None:
        with self._cut_after(self.chance.uniform(1.0, START_S)):
            self.table.power_on(cloud=cloud)
            self.table.see(Sign.STOP, since=self.table.light.place, limit_s=START_S)

    def _pack(self, order: PlantedOrder) -> None:
        table = self.table
        promise = Promise(order, table.light.place)
        self.promises.append(promise)
        try:
            table.scan_and_see(order.number)
            for count in range(1, PHOTOS + 1):
                table.press_and_see("F1", photos_sign(count))
                promise.photos = count
            promise.began = table.light.place
            promise.asked_to_send = True
            table.press_and_see("F4", Sign.SAVED)
        finally:
            promise.ended = table.light.place

    @contextmanager
    def _cut_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self.table.power_cut)
        timer.start()
        try:
            yield
        except MachineError:
            if self.table.machine.is_on:
                raise
        finally:
            timer.join()
