"""How a marketplace says no."""

from dataclasses import dataclass


class Refusal(Exception):
    """The marketplace says no. Raised anywhere in judging a call, answered in the envelope.

    `error` is the platform's own name or number. Without `http_status` the platform decides the
    status by the error.
    """

    def __init__(self, error: str, message: str, *, http_status: int | None = None) -> None:
        super().__init__(f"{error}: {message}")
        self.error = error
        self.message = message
        self.http_status = http_status


@dataclass(frozen=True)
class Wording:
    """A refusal that shared code may have to make, in the platform's words."""

    error: str
    message: str
    http_status: int | None = None

    def refusal(self) -> Refusal:
        """To be raised."""
        return Refusal(self.error, self.message, http_status=self.http_status)


@dataclass(frozen=True)
class Words:
    """What a platform says where the reason is not its own: rate, size, faults, failed storage.

    `hidden_statuses` are the message statuses by which a sent message is not shown to the buyer;
    the first is the usual one.
    """

    rate_limited: Wording
    token_expired: Wording
    server_error: Wording
    body_too_big: Wording
    page_out_of_date: Wording
    hidden_statuses: tuple[str, ...]
