"""Where pushes go, and the list of them. Times are unix seconds of the sandbox's clock."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.market.entities import Entity, Id

State = Literal["waiting", "delivered", "lost", "consumed"]


class PushEndpoint(Entity):
    """Where an app wants its pushes, and which kinds of them.

    `addresses` has the kinds that go elsewhere than to `callback_url`. `stopped_at` is set when the
    platform has stopped delivering after too many failures.
    """

    kind = "push_endpoint"
    key_fields = ("app_id",)
    app_id: Id
    callback_url: str
    kinds: list[str] = Field(default_factory=list)
    addresses: dict[str, str] = Field(default_factory=dict)
    blocked_shop_ids: list[Id] = Field(default_factory=list)
    warned: bool = False
    stopped_at: float | None = None

    def address_of(self, kind: str) -> str:
        """Where pushes of this kind go."""
        return self.addresses.get(kind, self.callback_url)


class Attempt(BaseModel):
    """One try to deliver. `outcome` is "ok" or says in words what was wrong."""

    model_config = ConfigDict(extra="forbid")
    at: float
    outcome: str
    took_ms: int

    @property
    def succeeded(self) -> bool:
        """Whether the app took it."""
        return self.outcome == "ok"


class Delivery(Entity):
    """One push on its way to one app. `body` is exactly what is sent.

    `after` names the push that must be through first; `waits_for_next` that it is still to come.
    `lost` ones were given up; `consumed` are lost ones that the app has fetched since.
    """

    kind = "push"
    key_fields = ("push_id",)
    push_id: int
    app_id: Id
    push_kind: str
    shop_id: Id | None
    body: str
    created_at: float
    due_at: float
    state: State = "waiting"
    attempts: list[Attempt] = Field(default_factory=list)
    finished_at: float | None = None
    bad_signature: bool = False
    after: int | None = None
    waits_for_next: bool = False
