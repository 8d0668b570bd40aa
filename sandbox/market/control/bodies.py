"""What the control API is asked with. Every body names its fields; an unknown one is refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.market.entities import By, Id


class Change(BaseModel):
    """Fields of something; those that were given count."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were given a value."""
        return self.model_dump(exclude_none=True)


class ResetBody(Change):
    """Start anew from this seed, or without one from the sandbox's own."""

    seed: dict[str, Any] | None = None


class PushEndpointBody(Change):
    """Where an app wants its pushes. Without `kinds` all that the platform has."""

    callback_url: str = Field(min_length=1)
    kinds: list[str] | None = None
    blocked_shop_ids: list[Id] = Field(default_factory=list)


class PushBody(Change):
    """A push to make by hand; `data` is what the platform puts into its envelope."""

    app_id: Id
    kind: str
    shop_id: Id | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class ClockBody(Change):
    """Move marketplace time on by so much, or let request timestamps be judged at a given time."""

    advance_s: float | None = None
    request_time: float | None = Field(None, description="Unix seconds; judged from there on.")
    reset: bool = False

    @model_validator(mode="after")
    def _asks_something(self) -> "ClockBody":
        if self.advance_s is None and self.request_time is None and not self.reset:
            raise ValueError("give advance_s, request_time or reset")
        return self


class ClockState(BaseModel):
    """Both clocks, unix seconds."""

    now: float
    request_now: float


class ReturnBody(Change):
    """A return that a buyer asks for now. Its words are the platform's."""

    return_id: str = Field(min_length=1)
    shop_id: Id
    order_number: str = Field(min_length=1)
    status: str = Field(min_length=1)
    reason: str = ""
    text: str = ""
    respond_in_s: int | None = Field(None, description="What the shop has left to answer.")


class ReturnChange(Change):
    """What becomes of a return; it counts as a change of it."""

    status: str | None = None
    respond_by: int | None = None


class WriteBody(Change):
    """A message by the buyer, or by a person of the shop in the Seller Centre."""

    by: By = "buyer"
    message_type: str = "text"
    text: str = ""
    content: dict[str, Any] = Field(default_factory=dict)
    order_sn: str | None = Field(None, description="The order it is about, where one can be named.")

    @model_validator(mode="after")
    def _has_content(self) -> "WriteBody":
        if not self.text and not self.content:
            raise ValueError("give text or content")
        return self


class ContactChange(Change):
    """What stands between a shop and a buyer."""

    blocked_by_buyer: bool | None = None
    blocked_by_shop: bool | None = None
    return_open: bool | None = None


class MessageChange(Change):
    """What becomes of a message afterwards. `hidden` keeps it out of the shop's reads."""

    status: str | None = None
    hidden: bool | None = None
