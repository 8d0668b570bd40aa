"""Why a dispatch is where it is, in plain words for the light at a table and its log."""

from cloud.conversations.states import Reason

PLAIN: dict[Reason, str] = {
    Reason.AUTHORIZATION: "the shop must be authorized again",
    Reason.WINDOW_CLOSED: "the marketplace lets nobody write to this buyer any more",
    Reason.MESSAGE_LIMIT: "the buyer has too many messages without an answer",
    Reason.REFUSED_CONTENT: "the marketplace refused the text or a photo",
    Reason.BUYER_UNREACHABLE: "this buyer cannot be written to",
    Reason.CHANNEL_CANNOT_SEND: "this marketplace allows no sending here",
    Reason.RATE_LIMIT: "the marketplace asks to go slower",
    Reason.OUTAGE: "the marketplace does not answer",
    Reason.OTHER: "the marketplace refused it",
    Reason.SHOP_SWITCHED_OFF: "sending is switched off for this shop",
    Reason.PLATFORM_SWITCHED_OFF: "sending of photos of packing tables is switched off",
    Reason.BATCHES_SWITCHED_OFF: "sending many at once is switched off for this shop",
    Reason.WITHOUT_PHOTO: "packed without photo",
    Reason.ORDER_CANCELLED: "the order was cancelled",
    Reason.ORDER_NOT_FOUND: "no order has this number yet",
    Reason.SEVERAL_ORDERS: "several orders have this number",
    Reason.ALREADY_SENT: "photos of this order were sent before",
    Reason.TOO_OLD: "it was packed too long ago",
    Reason.TRAINING: "packed in training",
    Reason.RETURN: "packed as a return",
    Reason.WITHDRAWN: "taken back at the table",
    Reason.SUPERSEDED: "sent again instead",
    Reason.PHOTO_DAMAGED: "a photo is damaged",
    Reason.SETTLED_BY_PERSON: "settled by a person",
    Reason.SENT_BY_HAND: "sent by hand by a person",
    Reason.RESTORED: "it may have been sent before the cloud lost its memory",
    Reason.LEFT_UNSENT: "a person decided not to send it",
}


def plain(reason: str) -> str:
    """The wording of a stored reason; empty for none."""
    return PLAIN[Reason(reason)] if reason else ""
