"""Pages by a token that clients are not to look into (marketplace-apis 3.3 and 3.4). Pure."""

import base64
from collections.abc import Sequence
from typing import TypeVar

from sandbox.market.parameters import Parameters, is_whole

T = TypeVar("T")


def page_of(found: Sequence[T], query: Parameters, size: int) -> tuple[Sequence[T], str]:
    """The page that `page_token` asks for, and the token of the next, empty at the end."""
    start = _position(query)
    following = start + size
    return found[start:following], _token(following) if following < len(found) else ""


def _token(position: int) -> str:
    return base64.b64encode(f"at:{position}".encode()).decode()


def _position(query: Parameters) -> int:
    token = query.optional_text("page_token")
    if not token:
        return 0
    try:
        text = base64.b64decode(token, validate=True).decode()
    except ValueError:
        text = ""
    word, _, position = text.partition(":")
    if word != "at" or not is_whole(position):
        raise query.bad("page_token", "is not one that was given")
    return int(position)
