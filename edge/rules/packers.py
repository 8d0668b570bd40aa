"""Who packs: signed in by a badge, and signed out by time. What is packed then has no packer."""

from edge.indicator.signs import Sign
from edge.rules.draft import Draft
from edge.rules.settings import PackingSettings
from edge.rules.state import State
from wire.badges import is_mark

_MS = 1_000_000


def sign_in(draft: Draft, packer: str) -> None:
    """The packer of the orders that are opened from now on, whoever it was before."""
    draft.set(packer=packer, packer_since_ns=draft.now_ns)
    # The table knows no names of those whose badges the cloud printed.
    said = "the badge was read: a packer is signed in" if is_mark(packer) else f"packer: {packer}"
    draft.say(Sign.READY, said, draft.settings.notice_ms)


def ends_ns(state: State, settings: PackingSettings) -> int | None:
    """When the packer is signed out; None: nobody is signed in, or stays so."""
    if state.packer is None:
        return None
    ends = []
    if settings.packer_idle_ms:
        ends.append(state.last_input_ns + settings.packer_idle_ms * _MS)
    if settings.shift_ms:
        ends.append(state.packer_since_ns + settings.shift_ms * _MS)
    return min(ends, default=None)


def sign_out(draft: Draft) -> None:
    """The shift is over, or nobody was there for long. An open order keeps its packer."""
    draft.set(packer=None)
