"""The words for what becomes of messages and dispatches."""

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message consists of."""

    TEXT = "text"
    IMAGE = "image"
    ORDER_CARD = "order-card"


class MessageState(StrEnum):
    """State of one message; see docs/architecture.md for the arrows."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_SHOWN = "not-shown"


class AttemptOutcome(StrEnum):
    """What one request did; empty in the table while it runs, or when its caller died."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not-sent"


class DispatchKind(StrEnum):
    """Who asked for a dispatch."""

    PROOF = "proof"
    REPLY = "reply"
    NOTICE = "notice"
    SHIPPING_NOTICE = "shipping-notice"


class DispatchState(StrEnum):
    """State of a dispatch; the same words as on the wire (a test holds them together)."""

    WAITING_FOR_ORDER = "waiting-for-order"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTLY_SENT = "partly-sent"
    HELD = "held"
    NOT_CONFIRMED = "not-confirmed"
    NEEDS_PERSON = "needs-person"
    FAILED = "failed"
    SAVED_NOT_SENT = "saved-not-sent"
    CANCELLED = "cancelled"
    NOT_SHOWN = "not-shown"


class Reason(StrEnum):
    """Why a dispatch or message is where it is. Each has a plain wording on the pages."""

    AUTHORIZATION = "authorization"
    WINDOW_CLOSED = "window-closed"
    MESSAGE_LIMIT = "message-limit"
    REFUSED_CONTENT = "refused-content"
    BUYER_UNREACHABLE = "buyer-unreachable"
    CHANNEL_CANNOT_SEND = "channel-cannot-send"
    RATE_LIMIT = "rate-limit"
    OUTAGE = "outage"
    OTHER = "other"
    SHOP_SWITCHED_OFF = "shop-switched-off"
    PLATFORM_SWITCHED_OFF = "platform-switched-off"
    BATCHES_SWITCHED_OFF = "batches-switched-off"
    WITHOUT_PHOTO = "without-photo"
    ORDER_CANCELLED = "order-cancelled"
    ORDER_NOT_FOUND = "order-not-found"
    SEVERAL_ORDERS = "several-orders"
    ALREADY_SENT = "already-sent"
    TOO_OLD = "too-old"
    TRAINING = "training"
    RETURN = "return"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    PHOTO_DAMAGED = "photo-damaged"
    SETTLED_BY_PERSON = "settled-by-person"
    SENT_BY_HAND = "sent-by-hand"
    RESTORED = "restored"
    LEFT_UNSENT = "left-unsent"
