"""Orders put into the marketplace before they are packed, a few at a time."""

import threading
from collections.abc import Callable

import httpx

from sandbox.testing import SandboxControl
from tests.soak.plan import Order

_AHEAD = 10
_PAUSE_S = 0.1
_CONFLICT = 409


class Planting:
    """The orders of one table. A marketplace that is down is waited for."""

    def __init__(self, control: SandboxControl, order_at: Callable[[int], Order]) -> None:
        self._control = control
        self._order_at = order_at
        self._pause = threading.Event()
        self.planted = 0

    def ensure(self, index: int, is_over: Callable[[], bool]) -> bool:
        """Plant the order of a job and some more; False when it is over before that is done."""
        if index < self.planted:
            return True
        for number in range(self.planted, index + _AHEAD):
            while not self._plant(self._order_at(number)):
                if is_over():
                    return False
                self._pause.wait(_PAUSE_S)
            self.planted = number + 1
        return True

    def _plant(self, order: Order) -> bool:
        try:
            self._put("/buyers", {"user_id": order.buyer_id, "username": f"b{order.buyer_id}"})
            self._put("/orders", _body(order))
        except httpx.TransportError:
            return False
        return True

    def _put(self, path: str, body: dict[str, object]) -> None:
        """Once; what is there already was planted by a call whose answer was lost."""
        try:
            self._control.call("POST", path, body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != _CONFLICT:
                raise


def _body(order: Order) -> dict[str, object]:
    return {
        "order_sn": order.number,
        "shop_id": order.shop_id,
        "buyer_id": order.buyer_id,
        "order_status": "PROCESSED",
        "age_hours": 0,
        "items": [{"item_id": 50001, "item_name": "Ceramic mug, 350 ml"}],
        "packages": [
            {"package_number": f"OFG{order.number}", "tracking_number": f"SPX{order.number}"}
        ],
    }
