"""From a change in the world to pushes that wait for delivery."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from sandbox.faults import (
    PUSH_KINDS,
    FaultBox,
    PushAfterNext,
    PushBadSignature,
    PushLate,
    PushLost,
    PushTwice,
)
from sandbox.market.entities import Entity, Id
from sandbox.market.push.deliveries import Deliveries
from sandbox.market.push.entities import Delivery, PushEndpoint
from sandbox.market.push.rules import PushRules
from sandbox.market.world import AnyWorld

WorldT = TypeVar("WorldT", bound=AnyWorld)


class Outbox(ABC, Generic[WorldT]):
    """What a platform pushes, to whom, in which form, signed how. Used by the event loop only.

    A push is put with the change that causes it, and so is durable with that change or not at all.
    """

    kinds: tuple[str, ...]

    def __init__(self, world: WorldT, faults: FaultBox) -> None:
        self.world = world
        self.endpoints = world.keep(PushEndpoint)
        self.deliveries = world.keep_in(Deliveries, Delivery)
        self._faults = faults
        world.watch(self.observe)

    @property
    @abstractmethod
    def rules(self) -> PushRules:
        """The platform's table of repetitions and failures."""

    @abstractmethod
    def deadline_s(self, kind: str) -> float:
        """How long the app may take to answer a push of this kind, in seconds of real time."""

    @abstractmethod
    def headers(self, app_id: Id, url: str, body: bytes) -> dict[str, str]:
        """The headers of a push, with its signature over exactly this body."""

    @abstractmethod
    def what_is_wrong(self, http_status: int, answer: bytes) -> str:
        """Why the platform does not count this answer as a success; empty when it does."""

    @abstractmethod
    def compose(self, kind: str, shop_id: Id | None, data: Mapping[str, Any]) -> str:
        """The body, exactly as it is to be sent."""

    @abstractmethod
    def app_named(self, app_id: str) -> Id | None:
        """The app's id as the platform has it, None when there is no such app."""

    @abstractmethod
    def apps_of(self, shop_id: Id) -> Iterable[Id]:
        """The apps that are authorized for this shop."""

    @abstractmethod
    def observe(self, before: Entity | None, after: Entity) -> None:
        """Push what this change in the world calls for."""

    def look_at_the_clock(self) -> None:
        """Push what the passing of time calls for. Called often; must not push the same again."""

    def push(self, kind: str, shop_id: Id, data: Mapping[str, Any]) -> None:
        """Push to every app that is authorized for the shop."""
        for app_id in self.apps_of(shop_id):
            self.push_to(app_id, kind, shop_id, data)

    def push_to(
        self, app_id: Id, kind: str, shop_id: Id | None, data: Mapping[str, Any]
    ) -> list[Delivery]:
        """Push to one app, if it asked for this kind and did not block the shop."""
        endpoint = self.endpoints.get(app_id)
        if endpoint is None or kind not in endpoint.kinds or not endpoint.address_of(kind):
            return []
        if shop_id in endpoint.blocked_shop_ids:
            return []
        faults = self._faults.take(
            PUSH_KINDS, path=f"push/{kind}", shop_id=shop_id, message_type=None
        )
        now = self.world.clock.now()
        delivery = Delivery(
            push_id=0,
            app_id=app_id,
            push_kind=kind,
            shop_id=shop_id,
            body=self.compose(kind, shop_id, data),
            created_at=now,
            due_at=now,
        )
        if endpoint.stopped_at is not None:
            delivery = delivery.model_copy(update={"state": "lost", "finished_at": now})
        times = next((fault.times for fault in faults if isinstance(fault, PushTwice)), 1)
        for fault in faults:
            delivery = _with_fault(delivery, fault, now)
        return [self._put(delivery) for _ in range(times)]

    def repeat(self, delivery: Delivery) -> Delivery:
        """Push the same once more."""
        now = self.world.clock.now()
        fresh: dict[str, object] = {
            "state": "waiting",
            "attempts": [],
            "finished_at": None,
            "due_at": now,
        }
        return self._put(delivery.model_copy(update=fresh | {"after": None}))

    def _put(self, delivery: Delivery) -> Delivery:
        push_id = self.deliveries.next_id()
        for earlier in self.deliveries.waiting(delivery.app_id):
            if earlier.waits_for_next:
                follows = {"waits_for_next": False, "after": push_id}
                self.deliveries.put(earlier.model_copy(update=follows))
        return self.deliveries.put(delivery.model_copy(update={"push_id": push_id}))

    def next_for(self, app_id: Id) -> Delivery | None:
        """The oldest push of this app that may be tried now."""
        now = self.world.clock.now()
        for delivery in self.deliveries.waiting(app_id):
            if delivery.due_at <= now and not delivery.waits_for_next and self._is_free(delivery):
                return delivery
        return None

    def _is_free(self, delivery: Delivery) -> bool:
        if delivery.after is None:
            return True
        first = self.deliveries.get(delivery.after)
        return first is None or first.state != "waiting"


def _with_fault(delivery: Delivery, fault: object, now: float) -> Delivery:
    if isinstance(fault, PushLate):
        return delivery.model_copy(update={"due_at": now + fault.delay_s})
    if isinstance(fault, PushAfterNext):
        return delivery.model_copy(update={"waits_for_next": True})
    if isinstance(fault, PushBadSignature):
        return delivery.model_copy(update={"bad_signature": True})
    if isinstance(fault, PushLost):
        return delivery.model_copy(update={"state": "lost", "finished_at": now})
    return delivery


AnyOutbox = Outbox[Any]
