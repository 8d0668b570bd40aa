"""Faults on request: what goes wrong, for which calls, how often. Pure."""

from itertools import count
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Fault(BaseModel):
    """Which calls a fault meets. Only calls that passed signature, token and limits count."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field("*", description="Full path, its last part (`send_message`), or * for all.")
    shop_id: int | str | None = Field(None, description="Only calls of this shop.")
    message_type: str | None = Field(None, description="Only sends of this message type.")
    skip: int = Field(0, ge=0, description="Let this many matching calls pass first.")
    count: int | None = Field(1, ge=1, description="How many calls to meet; null: until removed.")

    def meets(self, path: str, shop_id: int | str | None, message_type: str | None) -> bool:
        """Whether the call is one that this fault is for."""
        return (
            (self.path in {"*", path} or path.endswith(f"/{self.path}"))
            and (self.shop_id is None or str(self.shop_id) == str(shop_id))
            and self.message_type in {None, message_type}
        )


class Delay(_Fault):
    """Wait before the call is looked at; it is accepted even if the client has gone meanwhile."""

    kind: Literal["delay"]
    delay_ms: int = Field(ge=0, le=600_000)


class DelayAfter(_Fault):
    """Accept at once, answer late."""

    kind: Literal["delay_after"]
    delay_ms: int = Field(ge=0, le=600_000)


class DropBefore(_Fault):
    """Cut the connection; nothing is accepted."""

    kind: Literal["drop_before"]


class DropAfter(_Fault):
    """Accept, then cut the connection without an answer."""

    kind: Literal["drop_after"]


class ErrorBefore(_Fault):
    """Answer a server error; nothing is accepted."""

    kind: Literal["error_before"]
    http_status: int = Field(500, ge=500, le=599)
    error: str | None = Field(None, description="Default: the platform's name for its own trouble.")


class ErrorAfter(_Fault):
    """Accept, then answer a server error."""

    kind: Literal["error_after"]
    http_status: int = Field(500, ge=500, le=599)
    error: str | None = Field(None, description="Default: the platform's name for its own trouble.")


class NotJson(_Fault):
    """Answer with a proxy's HTML page instead of JSON; nothing is accepted."""

    kind: Literal["not_json"]
    http_status: int = Field(502, ge=200, le=599)


class RateLimit(_Fault):
    """Answer as for too many calls, with a Retry-After header if asked."""

    kind: Literal["rate_limit"]
    retry_after_s: int | None = Field(None, ge=0)


class ErrorBody(_Fault):
    """Answer status 200 whose body says `error`; nothing is accepted."""

    kind: Literal["error_body"]
    error: str = Field(min_length=1)
    message: str = "Asked for by a fault."


class TokenExpired(_Fault):
    """Answer as if the access token had just expired."""

    kind: Literal["token_expired"]


class StatusAfter(_Fault):
    """Accept the message and give it an id, but do not show it to the buyer.

    The statuses that hide a message are the platform's; without one its usual one is taken.
    """

    kind: Literal["status_after"]
    status: str | None = None


class ShowLate(_Fault):
    """Accept the message and show it to the buyer, but keep it out of the shop's reads for a while.

    `visible_after_s` null keeps it out for good.
    """

    kind: Literal["show_late"]
    visible_after_s: float | None = Field(None, ge=0)


class PushTwice(_Fault):
    """Deliver a push so often. Of push faults, `path` is the push's kind."""

    kind: Literal["push_twice"]
    times: int = Field(2, ge=2, le=100)


class PushLate(_Fault):
    """Deliver a push so much later, by the marketplace's time."""

    kind: Literal["push_late"]
    delay_s: float = Field(ge=0)


class PushAfterNext(_Fault):
    """Deliver a push after the one that follows it."""

    kind: Literal["push_after_next"]


class PushBadSignature(_Fault):
    """Deliver a push, and all its repetitions, with a signature of another key."""

    kind: Literal["push_bad_signature"]


class PushLost(_Fault):
    """Deliver a push never."""

    kind: Literal["push_lost"]


BeforeFault = Delay | DropBefore | ErrorBefore | NotJson | RateLimit | ErrorBody | TokenExpired
MessageFault = StatusAfter | ShowLate
AfterFault = DelayAfter | DropAfter | ErrorAfter
PushFault = PushTwice | PushLate | PushAfterNext | PushBadSignature | PushLost
Fault = Annotated[BeforeFault | MessageFault | AfterFault | PushFault, Field(discriminator="kind")]
FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


class ActiveFault(BaseModel):
    """A fault that is waiting, and how often it was met."""

    fault_id: int
    fault: Fault
    passed: int = 0
    met: int = 0

    @property
    def used_up(self) -> bool:
        """Whether it met all the calls it was for."""
        return self.fault.count is not None and self.met >= self.fault.count


class FaultBox:
    """The faults that wait to happen, oldest first. Kept in memory: a restart clears them."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._active: list[ActiveFault] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Let this fault happen from now on."""
        active = ActiveFault(fault_id=next(self._ids), fault=fault)
        self._active.append(active)
        return active

    def active(self) -> list[ActiveFault]:
        """The faults not yet used up."""
        return list(self._active)

    def clear(self) -> None:
        """Take back all faults."""
        self._active.clear()

    def remove(self, fault_id: int) -> bool:
        """Take back one fault; False when it is not there (any more)."""
        before = len(self._active)
        self._active = [active for active in self._active if active.fault_id != fault_id]
        return len(self._active) < before

    def take(
        self,
        kinds: type[_Fault] | tuple[type[_Fault], ...],
        *,
        path: str,
        shop_id: int | str | None,
        message_type: str | None,
    ) -> list[Fault]:
        """The faults of these kinds that this call meets; each counts it once."""
        taken: list[Fault] = []
        for active in list(self._active):
            if not isinstance(active.fault, kinds):
                continue
            if not active.fault.meets(path, shop_id, message_type):
                continue
            if active.passed < active.fault.skip:
                active.passed += 1
                continue
            active.met += 1
            taken.append(active.fault)
            if active.used_up:
                self._active.remove(active)
        return taken


BEFORE_KINDS = (Delay, DropBefore, ErrorBefore, NotJson, RateLimit, ErrorBody, TokenExpired)
MESSAGE_KINDS = (StatusAfter, ShowLate)
AFTER_KINDS = (DelayAfter, DropAfter, ErrorAfter)
PUSH_KINDS = (PushTwice, PushLate, PushAfterNext, PushBadSignature, PushLost)
