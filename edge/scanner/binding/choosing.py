"""Chooses the device of a binding among what is plugged in, or says why it does not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.scanner.binding import Plugged, Role
from edge.scanner.binding.recognition import can_type, is_pedal, is_scanner
from edge.scanner.binding.selectors import By, Selector


@dataclass(frozen=True, slots=True)
class Binding:
    """What one input device of the table is bound to."""

    name: str
    """Unique at this table."""
    role: Role
    selector: Selector


@dataclass(frozen=True, slots=True)
class Choice:
    """The device of a binding."""

    device: Plugged | None
    text: str
    """For people: what was chosen and why, or what is wrong; then it follows the binding's name."""


def choose(
    binding: Binding,
    bindings: Sequence[Binding],
    plugged: Sequence[Plugged],
    earlier: Plugged | None,
) -> Choice:
    """Choose, or refuse to guess.

    ``bindings``: all of the table, so that ``auto`` leaves alone what another one names.
    ``earlier``: the device that this binding had before, to which it stays true.
    """
    usable = [one for one in plugged if one.keys]
    if binding.selector.by is By.AUTO:
        others = [one.selector for one in bindings if one != binding]
        free = [one for one in usable if not any(other.matches(one) for other in others)]
        return _automatic(binding.role, free, earlier)
    return _named(binding.selector, usable, earlier)


def _named(selector: Selector, usable: Sequence[Plugged], earlier: Plugged | None) -> Choice:
    found = [one for one in usable if selector.matches(one)]
    if not found:
        return Choice(None, f"is not plugged in ({selector})")
    one = _only(found, earlier)
    if one is None:
        return Choice(None, _several(found, "bind it by its port"))
    return Choice(one, f"{one}, named by {selector}")


def _automatic(role: Role, free: Sequence[Plugged], earlier: Plugged | None) -> Choice:
    found, why = _candidates(role, free, earlier)
    if not found:
        return Choice(None, _none_found(role, free))
    one = _only(found, earlier)
    if one is None:
        return Choice(None, _several(found, "name one in the settings"))
    return Choice(one, f"{one}, {why}")


def _candidates(
    role: Role, free: Sequence[Plugged], earlier: Plugged | None
) -> tuple[list[Plugged], str]:
    if role is Role.PEDAL:
        return [one for one in free if is_pedal(one)], "known as a pedal"
    marked = [one for one in free if is_scanner(one)]
    if marked:
        return marked, "known as a scanner"
    plain = [one for one in free if can_type(one) and not is_pedal(one)]
    if earlier is not None:
        # a keyboard that is plugged in while the scanner is away must not become the scanner
        plain = [one for one in plain if _is_same_model(one, earlier)]
    return plain, "the only one that types"


def _only(found: Sequence[Plugged], earlier: Plugged | None) -> Plugged | None:
    """The one, or the earlier one; None if nobody can tell."""
    if len(found) == 1:
        return found[0]
    if earlier is None:
        return None
    same = [one for one in found if _is_same_model(one, earlier)]
    in_place = [one for one in same if one.port == earlier.port]
    left = in_place or same
    return left[0] if len(left) == 1 else None


def _is_same_model(one: Plugged, other: Plugged) -> bool:
    return (one.model, one.name, one.uniq) == (other.model, other.name, other.uniq)


def _several(found: Sequence[Plugged], to_do: str) -> str:
    return f"cannot be told apart from others: {to_do} ({'; '.join(map(str, found))})"


def _none_found(role: Role, free: Sequence[Plugged]) -> str:
    if role is Role.PEDAL and free:
        listed = "; ".join(map(str, free))
        return f"is not plugged in, or not known as a pedal: name it in the settings ({listed})"
    return "is not plugged in"
