"""The keys of a pedal or keypad: actions, and nothing else. Pure.

A key acts when it goes down. The key that sends has a second meaning when it is held: cancel. It
still sends at once, so that nobody waits for the hold to be ruled out. What was closed stays on the
table for the time of the send delay, so the hold takes it back before anything has left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.events import Action, ActionPressed
from edge.scanner.decoding.key_names import CODES
from edge.scanner.decoding.packets import Key

_CONTACT_NS = 30_000_000
"""A contact that opens may close again for so long; nobody presses twice that fast."""

DEFAULT_KEYS: Mapping[str, Action] = {
    "f1": Action.PHOTO,
    "f4": Action.SEND,
    "f2": Action.UNDO,
    "esc": Action.CANCEL,
}


@dataclass(frozen=True, slots=True)
class PedalRules:
    """How a pedal or keypad is set up."""

    actions: Mapping[int, Action] = field(
        default_factory=lambda: {CODES[name]: action for name, action in DEFAULT_KEYS.items()}
    )
    """The kernel's number of a key to its action. All other keys do nothing."""
    debounce_ms: int = 200
    """A second press of the same action within this is a bounce."""
    hold_cancel_ms: int = 2000
    """For how long the key that sends is held to cancel; 0: never."""


@dataclass(slots=True)
class _Contact:
    """What is known of one action's key."""

    pressed_ns: int | None = None
    """The last press that counted."""
    released_ns: int | None = None
    held_from_ns: int | None = None
    """It is down since then, and the hold has not acted yet."""


class PedalDecoder:
    """Follows ``Decoder``."""

    def __init__(self, device: str, rules: PedalRules) -> None:
        self._device = device
        self._actions = dict(rules.actions)
        self._debounce_ns = rules.debounce_ms * 1_000_000
        self._hold_ns = rules.hold_cancel_ms * 1_000_000
        self._contacts = {action: _Contact() for action in Action}

    @property
    def deadline_ns(self) -> int | None:
        """See ``Decoder``."""
        held_from_ns = self._contacts[Action.SEND].held_from_ns
        return None if held_from_ns is None or not self._hold_ns else held_from_ns + self._hold_ns

    def begin(self, held: frozenset[int], at_ns: int) -> None:  # noqa: ARG002 - of ``Decoder``
        """See ``Decoder``. A key that is down already does nothing until it is pressed again."""
        self._contacts = {action: _Contact() for action in Action}

    def keys_were_lost(self, held: frozenset[int], at_ns: int) -> None:  # noqa: ARG002 - as above
        """See ``Decoder``. Nobody knows whether it was held all the time: no hold cancels."""
        for contact in self._contacts.values():
            contact.held_from_ns = None

    def press(self, key: Key) -> tuple[ActionPressed, ...]:
        """See ``Decoder``."""
        action = self._actions.get(key.code)
        if action is None:
            return ()
        said = self.expire(key.at_ns)
        contact = self._contacts[action]
        if not key.is_down:
            contact.released_ns, contact.held_from_ns = key.at_ns, None
            return said
        if self._is_bounce(contact, key.at_ns):
            self._hold_on(contact, key.at_ns)
            return said
        contact.pressed_ns = contact.held_from_ns = key.at_ns
        return (*said, ActionPressed(action, key.at_ns, self._device))

    def expire(self, now_ns: int) -> tuple[ActionPressed, ...]:
        """See ``Decoder``."""
        deadline_ns = self.deadline_ns
        if deadline_ns is None or now_ns < deadline_ns:
            return ()
        self._contacts[Action.SEND].held_from_ns = None
        return (ActionPressed(Action.CANCEL, deadline_ns, self._device),)

    def _is_bounce(self, contact: _Contact, at_ns: int) -> bool:
        pressed_ns, released_ns = contact.pressed_ns, contact.released_ns
        return (pressed_ns is not None and at_ns - pressed_ns < self._debounce_ns) or (
            released_ns is not None and at_ns - released_ns < _CONTACT_NS
        )

    def _hold_on(self, contact: _Contact, at_ns: int) -> None:
        """The contact bounced while the foot stayed down: the hold goes on from the first press."""
        pressed_ns = contact.pressed_ns
        if pressed_ns is not None and at_ns - pressed_ns < self._debounce_ns:
            contact.held_from_ns = pressed_ns
