"""The bare peer of everything that is sent: a httpx client making the calls that our flow made."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.shopee_caller import ShopeeCaller


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a buyer is to get."""

    order_sn: str
    buyer_id: int
    text: str
    photos: tuple[bytes, ...]


def names_of(calls: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Our calls from the sandbox's log, each as its last path element and message type."""
    return tuple(
        f"{call['path'].rpartition('/')[2]} {call['message_type'] or ''}" for call in calls
    )


def replay(caller: ShopeeCaller, calls: Iterable[str], parcel: Parcel) -> None:
    """Make these calls, in this order, for another buyer.

    Raises:
        LookupError: our flow made a call that has no bare form here.
    """
    photos = iter(parcel.photos)
    # A flow may upload a picture while the one before it is being sent.
    urls: deque[str] = deque()
    for name in calls:
        match name.split(" "):
            case ["get_conversation_list", _]:
                answer = caller.get(
                    "sellerchat/get_conversation_list", direction="older", type="all", page_size=25
                )
            case ["upload_image", _]:
                answer = caller.upload(next(photos))
                urls.append(answer.json()["response"]["url"])
            case ["send_message", "text"]:
                answer = caller.text(parcel.buyer_id, parcel.text, parcel.order_sn)
            case ["send_message", "image"]:
                content = {"image_url": urls.popleft()}
                answer = caller.send(parcel.buyer_id, "image", content, parcel.order_sn)
            case _:
                raise LookupError(f"no bare form of the call {name!r}")
        problem = answer.json()["error"]
        if problem:
            raise RuntimeError(f"the sandbox refuses {name}: {problem}")
