"""Lazada's reverse orders: /reverse/getreverseordersforseller, and their detail for deadlines.

Times are documented in milliseconds and seen in seconds; both are taken.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.lazada.client import LazadaPart
from cloud.marketplaces.reply_fields import (
    NULL_IS_EMPTY,
    Id,
    Milliseconds,
    ReplyModel,
    Seconds,
    Text,
    Whole,
    read,
)
from cloud.marketplaces.returns import Return, ReturnPage, window_s

LIST_PATH = "/reverse/getreverseordersforseller"
DETAIL_PATH = "/order/reverse/return/detail/list"
PAGE_SIZE = 50
_NOT_A_DISPUTE = "CANCEL"
"""Of an order that has not been shipped."""
_SETTLED = frozenset(
    {"CANCEL_SUCCESS", "REFUND_SUCCESS", "REQUEST_CANCEL", "REQUEST_COMPLETE", "REQUEST_REJECT"}
)
_Time = Annotated[
    Seconds | Milliseconds | None,
    BeforeValidator(lambda value: None if value in (0, "0", "") else value),
]


class LineReply(ReplyModel):
    """One line of a reverse order."""

    reverse_status: Text = ""
    reason_text: Text = ""
    return_order_line_gmt_create: _Time = None
    return_order_line_gmt_modified: _Time = None
    sla: _Time = None
    """Until when the seller has to answer; only the detail has it."""


class ReverseOrderReply(ReplyModel):
    """One reverse order."""

    reverse_order_id: Id
    trade_order_id: Id
    request_type: Text = ""
    reverse_order_lines: Annotated[list[LineReply], NULL_IS_EMPTY] = Field(default_factory=list)


class ListReply(ReplyModel):
    """Of the list."""

    items: Annotated[list[ReverseOrderReply], NULL_IS_EMPTY] = Field(default_factory=list)
    total: Whole = 0


class DetailReply(ReplyModel):
    """Of the detail."""

    lines: Annotated[list[LineReply], NULL_IS_EMPTY] = Field(
        default_factory=list, alias="reverseOrderLineDTOList"
    )


class LazadaReturns(LazadaPart):
    """The part of the adapter that reads returns. See `TellsReturns` for the contract."""

    def returns(
        self, access: ShopAccess, *, since: datetime, until: datetime, cursor: str = ""
    ) -> ReturnPage:
        """One page: a request, and one more for each that is open."""
        if cursor and not cursor.isdigit():
            raise ValueError(f"{cursor!r} is not a cursor of this marketplace")
        page = int(cursor or 1)
        from_s, to_s = window_s(since, until)
        query = {
            "page_no": str(page),
            "page_size": str(PAGE_SIZE),
            "ReverseOrderLineModifiedTimeRangeStart": str(from_s * 1000),
            "ReverseOrderLineModifiedTimeRangeEnd": str(to_s * 1000),
        }
        reply = read(ListReply, self._client.get(access, LIST_PATH, query).get("result"))
        found = [
            self._return(access, one, since)
            for one in reply.items
            if one.request_type != _NOT_A_DISPUTE
        ]
        has_more = len(reply.items) == PAGE_SIZE and reply.total > page * PAGE_SIZE
        return ReturnPage(tuple(found), str(page + 1) if has_more else "")

    def _return(self, access: ShopAccess, reply: ReverseOrderReply, since: datetime) -> Return:
        lines = reply.reverse_order_lines
        statuses = list(dict.fromkeys(line.reverse_status for line in lines))
        is_open = any(status not in _SETTLED for status in statuses)
        created = _times(line.return_order_line_gmt_create for line in lines)
        changed = _times(line.return_order_line_gmt_modified for line in lines)
        return Return(
            return_id=reply.reverse_order_id,
            order_number=reply.trade_order_id,
            status=", ".join(statuses),
            is_open=is_open,
            reason=", ".join(dict.fromkeys(filter(None, (line.reason_text for line in lines)))),
            text="",
            respond_by=self._respond_by(access, reply.reverse_order_id) if is_open else None,
            created_at=min([*created, *changed], default=since),
            updated_at=max([*created, *changed], default=since),
        )

    def _respond_by(self, access: ShopAccess, reverse_order_id: str) -> datetime | None:
        payload = self._client.get(access, DETAIL_PATH, {"reverse_order_id": reverse_order_id})
        return min(
            _times(line.sla for line in read(DetailReply, payload.get("data")).lines), default=None
        )


def _times(values: Iterable[datetime | None]) -> list[datetime]:
    return [value for value in values if value is not None]
