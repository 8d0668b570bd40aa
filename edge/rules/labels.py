"""Whether the label in a photo is another order's. Why so, and why not more: decision 0012."""

from edge.rules.state import Proof
from edge.scanner.codes import CodeRules, are_alike, order_number
from wire.messages import Mode


def other_numbers(proof: Proof, rules: CodeRules) -> tuple[str, ...]:
    """Numbers of other orders in the proof's photos, each once. Only what is packed is compared."""
    if proof.mode is not Mode.PACKING:
        return ()
    found = (
        number
        for one in proof.captures
        for number in _strangers(one.codes, proof.code, proof.equivalents, rules)
    )
    return tuple(dict.fromkeys(found))


def _strangers(
    codes: tuple[str, ...], code: str, equivalents: tuple[str, ...], rules: CodeRules
) -> list[str]:
    """Numbers of other orders among the codes of one picture.

    A number of another kind counts only when the cloud has told which ones belong to the order.
    """
    if _shows_any(codes, (code, *equivalents)):
        return []
    numbers = [order_number(text, rules) for text in codes]
    return [one for one in numbers if one and (equivalents or are_alike(one, code, rules))]


def _shows_any(codes: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Whether the picture shows the order itself, be it inside the longer text of a QR code."""
    wanted = [one.casefold() for one in own]
    return any(one in text.casefold() for text in codes for one in wanted)
