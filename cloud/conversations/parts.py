"""What a plan consists of, before it becomes messages. Pure."""

from dataclasses import dataclass

from cloud.conversations.states import MessageKind


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a plan."""

    kind: MessageKind
    text: str = ""
    photos: tuple[str, ...] = ()
    """SHA-256 of the stored photos that its picture shows, in their order."""
