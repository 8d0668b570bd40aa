"""What changes are about, in the words that parts of pages listen to. Pure."""

import json
from collections.abc import Iterable
from typing import Protocol

EVERYTHING = "everything"


class ChangeFacts(Protocol):
    """The fields of a change that matter here."""

    @property
    def kind(self) -> str:
        """What happened: dispatch, proof, table (it told how it is), fleet."""

    @property
    def subject(self) -> str:
        """To what: "table:7"."""

    @property
    def payload(self) -> str:
        """JSON; of a dispatch the table's id of its proof."""


def topics_of(changes: Iterable[ChangeFacts]) -> list[str]:
    """The topics that the changes belong to, each once, sorted."""
    topics: set[str] = set()
    for change in changes:
        topics.add(change.subject)
        if change.kind in {"dispatch", "proof"}:
            topics.add("log")
        if change.kind == "fleet":
            topics.add("tables")
        if change.kind == "table":
            topics.add("table-health")
        if change.kind == "dispatch":
            topics.add(proof_topic(json.loads(change.payload).get("proof") or ""))
    return sorted(topics)


def proof_topic(proof_key: str) -> str:
    """Topic of all that is sent of a proof."""
    return f"proof-key:{proof_key}"
