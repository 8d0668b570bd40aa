"""How many messages a buyer may still get before they answer. Pure.

Shopee and Lazada stop a shop at five messages in a row without an answer; a few of them are kept
free, so that people can still write (marketplace-apis 0.2, 4.2).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A conversation's unanswered messages."""

    limit: int | None
    """The marketplace's; None where it states none."""
    kept_free: int
    """For people, by the shop's setting."""
    unanswered: int
    """Known to be in the chat since the buyer last wrote, people's messages included."""
    open: int
    """Of ours that may still get there: being sent, or uncertain."""

    def allows(self, more: int) -> bool:
        """Whether ``more`` messages fit."""
        if self.limit is None:
            return True
        return self.unanswered + self.open + more <= self.limit - self.kept_free
