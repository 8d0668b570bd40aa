"""TikTok Shop's returns and refunds: /return_refund/202309/returns/search."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from cloud.marketplaces.access import ShopAccess
from cloud.marketplaces.errors import FailureClass, MalformedReply
from cloud.marketplaces.reply_fields import (
    NULL_IS_EMPTY,
    Id,
    ReplyModel,
    Seconds,
    Text,
    read,
)
from cloud.marketplaces.returns import Return, ReturnPage, window_s
from cloud.marketplaces.tiktok.client import TikTokPart

SEARCH_PATH = "/return_refund/202309/returns/search"
PAGE_SIZE = 50
_SETTLED = ("_SUCCESS", "_CANCEL", "_COMPLETE")
"""What the status of a settled one ends with."""


class NextActionReply(ReplyModel):
    """What the seller is to do, and until when."""

    action: Text = ""
    deadline: Seconds | None = None


class ReturnReply(ReplyModel):
    """One return."""

    return_id: Id
    order_id: Id
    return_status: Text = ""
    return_reason: Text = ""
    return_reason_text: Text = Field("", repr=False)
    create_time: Seconds
    update_time: Seconds
    seller_next_action_response: Annotated[list[NextActionReply], NULL_IS_EMPTY] = Field(
        default_factory=list
    )


class ReturnSearchReply(ReplyModel):
    """Of returns/search."""

    return_orders: Annotated[list[ReturnReply], NULL_IS_EMPTY] = Field(default_factory=list)
    next_page_token: Text = ""


class TikTokReturns(TikTokPart):
    """The part of the adapter that reads returns. See `TellsReturns` for the contract."""

    def returns(
        self, access: ShopAccess, *, since: datetime, until: datetime, cursor: str = ""
    ) -> ReturnPage:
        """One page, one request, oldest first."""
        query = {"page_size": str(PAGE_SIZE), "sort_field": "update_time", "sort_order": "ASC"}
        if cursor:
            query["page_token"] = cursor
        from_s, to_s = window_s(since, until)
        # The end is exclusive at TikTok Shop.
        body = {"update_time_ge": from_s, "update_time_lt": to_s + 1}
        reply = read(ReturnSearchReply, self._client.post(access, SEARCH_PATH, body, query))
        if cursor and reply.next_page_token == cursor:
            raise MalformedReply(
                FailureClass.OUTAGE, "malformed_reply", "next_page_token does not go on"
            )
        return ReturnPage(tuple(map(_return, reply.return_orders)), reply.next_page_token)


def _return(reply: ReturnReply) -> Return:
    deadlines = [one.deadline for one in reply.seller_next_action_response if one.deadline]
    return Return(
        return_id=reply.return_id,
        order_number=reply.order_id,
        status=reply.return_status,
        is_open=not reply.return_status.endswith(_SETTLED),
        reason=reply.return_reason_text or reply.return_reason,
        text="",
        respond_by=min(deadlines, default=None),
        created_at=reply.create_time,
        updated_at=reply.update_time,
    )
