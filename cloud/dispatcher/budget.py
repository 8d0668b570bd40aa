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

    @property
    def room(self) -> int | None:
        """How many more messages fit; None where there is no limit."""
        if self.limit is None:
            return None
        return max(0, self.limit - self.kept_free - self.unanswered - self.open)
