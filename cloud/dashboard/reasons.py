"""Why something was not sent, in plain words, and what a person can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cloud.conversations.states import Reason
from cloud.dashboard.marking import _


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, and the way on."""

    text: str
    what_to_do: str


REASONS: Mapping[Reason, Why] = {
    Reason.AUTHORIZATION: Why(
        _("The shop does not let us use its chat."),
        _("Authorize the shop's chat again; waiting photos of the last 24 hours then go out."),
    ),
    Reason.WINDOW_CLOSED: Why(
        _("The marketplace no longer allows messages about this order."),
        _("Send the photos by hand in the Seller Centre if the buyer asks for them."),
    ),
    Reason.MESSAGE_LIMIT: Why(
        _("The buyer has not answered, and the marketplace allows no more messages until then."),
        _("It can be sent again once the buyer has written."),
    ),
    Reason.REFUSED_CONTENT: Why(
        _("The marketplace does not accept what the message or photo contains."),
        _("Look at the preset message and the photos: no links, contacts or other marketplaces."),
    ),
    Reason.BUYER_UNREACHABLE: Why(
        _("This buyer cannot be written to."),
        _("Look in the Seller Centre whether the buyer has blocked the shop or left."),
    ),
    Reason.CHANNEL_CANNOT_SEND: Why(
        _("This marketplace and country do not let programs write to buyers."),
        _("The photos are kept. Send them by hand in the Seller Centre if they are needed."),
    ),
    Reason.RATE_LIMIT: Why(
        _("The marketplace asks us to go slower."),
        _("Nothing to do: it goes on by itself."),
    ),
    Reason.OUTAGE: Why(
        _("The marketplace does not answer."),
        _("It is tried again by itself. If it failed in the end, press Resend later."),
    ),
    Reason.OTHER: Why(
        _("The marketplace refused it for a reason we do not know."),
        _("Its own words are shown with the attempt. Try Resend, or send by hand."),
    ),
    Reason.SHOP_SWITCHED_OFF: Why(
        _("Sending is switched off for this shop."),
        _("The photos are kept. Switch sending on, or press Resend for this one."),
    ),
    Reason.PLATFORM_SWITCHED_OFF: Why(
        _("Photos captured this way are not sent: it is off in ParcelGuard."),
        _("The photos are kept. Switch it on in Marketplace Platform Chat, or press Resend."),
    ),
    Reason.BATCHES_SWITCHED_OFF: Why(
        _("Sending many at once is switched off for this shop."),
        _("The photos are kept. Press Resend for this one, or switch it on in Sales Channel."),
    ),
    Reason.WITHOUT_PHOTO: Why(
        _("The order was packed without photo."),
        _("Nothing to do: Webcam ParcelGuard was off, and the order is marked packed."),
    ),
    Reason.ORDER_CANCELLED: Why(
        _("The order was cancelled or refunded."),
        _("The photos are kept. Take the parcel out of the shipment."),
    ),
    Reason.ORDER_NOT_FOUND: Why(
        _("No order has this number or tracking number."),
        _("Check the code. If the order appeared later, press Resend."),
    ),
    Reason.SEVERAL_ORDERS: Why(
        _("Several orders have this number."),
        _("Find the right order and send the photos by hand."),
    ),
    Reason.ALREADY_SENT: Why(
        _("Photos of this order were sent before."),
        _("If the buyer should have these too, press Resend."),
    ),
    Reason.TOO_OLD: Why(
        _("It was packed too long ago to be sent without asking."),
        _("If the buyer should still have the photos, press Resend."),
    ),
    Reason.TRAINING: Why(
        _("It was packed in training."),
        _("Nothing to do: training photos are never sent."),
    ),
    Reason.RETURN: Why(
        _("It shows a returned parcel."),
        _("Nothing to do: photos of returns are kept for you."),
    ),
    Reason.WITHDRAWN: Why(
        _("The packer took it back."),
        _("Nothing to do, unless it should be sent after all: then press Resend."),
    ),
    Reason.SUPERSEDED: Why(
        _("It was sent again before this was through."),
        _("Look at the newer send."),
    ),
    Reason.PHOTO_DAMAGED: Why(
        _("A stored photo cannot be read."),
        _("Ask your IT whether the photo storage is in order."),
    ),
    Reason.SETTLED_BY_PERSON: Why(
        _("A person looked in the chat and saw it there."),
        _("Nothing to do."),
    ),
    Reason.RESTORED: Why(
        _("It may have been sent already: the log was put back from a backup."),
        _("Look in the chat. If the photos are not there, press Resend; else note it as sent."),
    ),
    Reason.LEFT_UNSENT: Why(
        _("A person decided not to send it."),
        _("The photos are kept. Press Resend if the buyer should have them after all."),
    ),
    Reason.SENT_BY_HAND: Why(
        _("A person sent the photos in the Seller Centre."),
        _("Nothing to do."),
    ),
}
