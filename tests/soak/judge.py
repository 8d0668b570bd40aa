"""From what tables, log and chats say at the end to what became of each proof. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ChatKey = tuple[int, int]
"""Shop and buyer."""

SENT, PARTLY_SENT = "sent", "partly-sent"
_NEEDS_NO_REASON = frozenset({"not-confirmed", "waiting-for-order", "not-shown"})
_NEEDS_REASON = frozenset({"held", "needs-person", "failed", PARTLY_SENT, "saved-not-sent"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an order is, and the text that its buyer should get."""

    chat: ChatKey
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A proof that a table says was closed with F4."""

    code: str
    proof_id: str
    """Empty: the light said "saved", and the table's journal has nothing to send of that order."""
    photos: tuple[str, ...]
    """SHA-256 of each, in their order."""
    refused: str = ""
    """Why the table does not offer it to the cloud any more."""
    told: str = ""
    """What the cloud told the table of it."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What the cloud's log says of a proof."""

    state: str
    reason: str
    sent_count: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a buyer sees from a shop."""

    texts: tuple[str, ...]
    photos: tuple[str, ...]
    others: int = 0
    """Messages that are neither; an order card is one."""

    @property
    def messages(self) -> int:
        """How many there are."""
        return len(self.texts) + len(self.photos) + self.others


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is judged."""

    closed: Sequence[Closed]
    owners: Mapping[str, Owner]
    """By order number."""
    chats: Mapping[ChatKey, Seen]
    log: Mapping[str, Logged]
    """By proof id."""
    elsewhere: int = 0
    """Messages in chats that no order of the plan has."""

    def of_chat(self) -> Mapping[ChatKey, list[Closed]]:
        """What was closed, by the chat it belongs into."""
        found: dict[ChatKey, list[Closed]] = {}
        for one in self.closed:
            found.setdefault(self.owners[one.code].chat, []).append(one)
        return found


@dataclass(slots=True)
class Verdict:
    """The columns, and one line for each thing that is not as it must be."""

    closed: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    wrong_buyer: int = 0
    falsely_sent: int = 0
    waiting: Counter[str] = field(default_factory=Counter)
    """Those that wait for a person or were given up, by state and reason."""
    findings: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether the four columns that must be zero are."""
        return not (self.lost or self.twice or self.wrong_buyer or self.falsely_sent)


def judge(facts: Facts) -> Verdict:
    """Judge each closed proof, then each chat."""
    verdict = Verdict(closed=len(facts.closed))
    for one in facts.closed:
        _judge_proof(one, facts, verdict)
    wanted, whose = facts.of_chat(), _whose(facts)
    for key, seen in facts.chats.items():
        _judge_chat(_ChatFacts(key, seen, wanted.get(key, []), facts.owners), whose, verdict)
    if facts.elsewhere:
        verdict.wrong_buyer += facts.elsewhere
        verdict.findings.append(f"wrong buyer: {facts.elsewhere} messages in other chats")
    return verdict


def _judge_proof(one: Closed, facts: Facts, verdict: Verdict) -> None:
    logged = facts.log.get(one.proof_id)
    missing = _missing(one, facts)
    others = facts.chats.get(facts.owners[one.code].chat, Seen((), ())).others
    untrue = _untrue(one, logged, missing, others)
    if untrue:
        verdict.falsely_sent += 1
        verdict.findings.append(f"falsely sent: {one.code}: {untrue}")
    elif logged is not None and logged.state == SENT:
        verdict.sent += 1
    elif one.refused:
        verdict.waiting[f"refused at the table: {one.refused}"] += 1
    elif logged is not None and _is_shown(logged):
        verdict.waiting[f"{logged.state}: {logged.reason or 'no reason'}"] += 1
    else:
        verdict.lost += 1
        verdict.findings.append(f"lost: {one.code}: {_where(one, logged)}")


def _is_shown(logged: Logged) -> bool:
    """Whether a person finds it among what waits or failed, and why."""
    with_reason = logged.state in _NEEDS_REASON and logged.reason != ""
    return with_reason or logged.state in _NEEDS_NO_REASON


def _where(one: Closed, logged: Logged | None) -> str:
    if logged is not None:
        return f"the log says {logged.state} ({logged.reason or 'no reason'})"
    if one.proof_id:
        return "the cloud's log does not have it"
    return "the light said it was saved, and the table's journal has nothing to send"


def _missing(one: Closed, facts: Facts) -> list[str]:
    """The parts that the buyer does not have, the text under its own name."""
    owner = facts.owners[one.code]
    seen = facts.chats.get(owner.chat, Seen((), ()))
    gone = list((Counter(one.photos) - Counter(seen.photos)).elements())
    return gone + ["the text"] * (owner.text not in seen.texts)


def _untrue(one: Closed, logged: Logged | None, missing: list[str], others: int) -> str:
    """What log or table claim to be in the chat although it is not; empty when all is true."""
    if missing and one.told == SENT:
        return f"the table was told so, and {_short(missing)} is not in the chat"
    if logged is None:
        return ""
    parts = len(one.photos) + 1 + others  # an order card may be a part too
    if logged.state == SENT and missing:
        return f"the log says so, and {_short(missing)} is not in the chat"
    if logged.sent_count > parts - len(missing):
        return f"the log counts {logged.sent_count} parts, {_short(missing)} is not in the chat"
    return ""


def _short(parts: list[str]) -> str:
    return ", ".join(part[:8] for part in parts)


@dataclass(frozen=True, slots=True)
class _ChatFacts:
    key: ChatKey
    seen: Seen
    wanted: Sequence[Closed]
    owners: Mapping[str, Owner]


def _judge_chat(chat: _ChatFacts, whose: Mapping[str, str], verdict: Verdict) -> None:
    photos = Counter(photo for one in chat.wanted for photo in one.photos)
    texts = Counter({chat.owners[one.code].text: 1 for one in chat.wanted})
    allowed, seen = photos + texts, Counter(chat.seen.photos + chat.seen.texts)
    repeated = [part for part, times in seen.items() if times > allowed[part] > 0]
    strange = [part for part in seen if part not in allowed]
    codes = ", ".join(one.code for one in chat.wanted)
    if repeated:
        verdict.twice += 1
        verdict.findings.append(f"twice: {codes}: {_short(repeated)}")
    if strange:
        verdict.wrong_buyer += 1
        parts = sorted({whose.get(part, f"of no closed order: {part[:40]}") for part in strange})
        shop, buyer = chat.key
        verdict.findings.append(f"wrong buyer: shop {shop}, buyer {buyer} has {', '.join(parts)}")


def _whose(facts: Facts) -> Mapping[str, str]:
    """By each part that was to be sent, the order it is of."""
    parts = {photo: one.code for one in facts.closed for photo in one.photos}
    return parts | {owner.text: code for code, owner in facts.owners.items()}
