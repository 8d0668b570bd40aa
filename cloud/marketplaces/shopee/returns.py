"""Shopee's returns and refunds: /api/v2/returns/get_return_list."""

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.reply_fields import (
    NULL_IS_EMPTY,
    Id,
    ReplyModel,
    Seconds,
    Text,
    read,
)
from cloud.marketplaces.returns import Return, ReturnPage, window_s
from cloud.marketplaces.shopee.client import ShopeePart

LIST_PATH = "/api/v2/returns/get_return_list"
MAX_SPAN_S = 15 * 24 * 3600
PAGE_SIZE = 50
_SETTLED = frozenset({"CANCELLED", "CLOSED", "COMPLETED", "REFUND_PAID"})

_Due = Annotated[Seconds | None, BeforeValidator(lambda value: value or None)]
"""0 where nothing is due."""


class ReturnReply(ReplyModel):
    """One return."""

    return_sn: Id
    order_sn: Id
    status: Text = ""
    reason: Text = ""
    text_reason: Text = Field("", repr=False)
    create_time: Seconds
    update_time: Seconds
    due_date: _Due = None
    return_seller_due_date: _Due = None


class ReturnListReply(ReplyModel):
    """Of get_return_list."""

    more: bool
    returns: Annotated[list[ReturnReply], NULL_IS_EMPTY] = Field(
        default_factory=list, alias="return"
    )


class ShopeeReturns(ShopeePart):
    """The part of the adapter that reads returns. See `TellsReturns` for the contract."""

    def returns(
        self, access: ShopAccess, *, since: datetime, until: datetime, cursor: str = ""
    ) -> ReturnPage:
        """One page, one request. Pages are numbered, so that one may come twice."""
        begin_s, end_s = window_s(since, until)
        from_s, page = _split_cursor(cursor) if cursor else (begin_s, 1)
        to_s = min(from_s + MAX_SPAN_S, end_s)
        query = {
            "page_no": str(page),
            "page_size": str(PAGE_SIZE),
            "update_time_from": str(from_s),
            "update_time_to": str(to_s),
        }
        payload = self._client.get(access, LIST_PATH, query).get("response")
        reply = read(ReturnListReply, payload)
        following = f"{to_s}:1" if to_s < end_s else ""
        if reply.more:
            following = f"{from_s}:{page + 1}"
        return ReturnPage(tuple(map(_return, reply.returns)), following)


def _split_cursor(cursor: str) -> tuple[int, int]:
    """Our cursor is where the present span begins, a colon, and the page in it."""
    from_s, _, page = cursor.partition(":")
    if not (from_s.isdigit() and page.isdigit()):
        raise ValueError(f"{cursor!r} is not a cursor of this marketplace")
    return int(from_s), int(page)


def _return(reply: ReturnReply) -> Return:
    is_open = reply.status not in _SETTLED
    return Return(
        return_id=reply.return_sn,
        order_number=reply.order_sn,
        status=reply.status,
        is_open=is_open,
        reason=reply.reason,
        text=reply.text_reason,
        respond_by=(reply.return_seller_due_date or reply.due_date) if is_open else None,
        created_at=reply.create_time,
        updated_at=reply.update_time,
    )
