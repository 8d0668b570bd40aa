"""The one interface every marketplace is reached by, with its contract on failure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from cloud.marketplaces.access import AppCredentials, ShopAccess, ShopFacts, Tokens
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.chats import (
    ConversationPage,
    ConversationSearch,
    MessagePage,
    OutgoingMessage,
    ReadBack,
    SentMessage,
    UploadedImage,
)
from cloud.marketplaces.errors import MarketplaceError
from cloud.marketplaces.orders import Order, OrderPage, OrderTime
from cloud.marketplaces.pushes import LostPushes, Push
from cloud.marketplaces.returns import ReturnPage

CLOCK_SKEW = timedelta(minutes=5)


class Marketplace(Protocol):
    """A marketplace, as one thread uses it: the object shares its HTTP client with no other thread.

    Every method sends each request once and raises a `MarketplaceError` where it cannot do its
    work. Common to all that read: `TransientError` (nothing changed, ask again; `NotConnected`,
    `RateLimited`, `TokenRejected` and `MalformedReply` are such), `PermanentError`
    (`AuthorizationEnded`, `NotFound` are such). `OutcomeUnknown` comes only from `exchange_code`,
    `refresh` and `send`. Nothing else is raised for what a marketplace or the network does; a
    ValueError means that the caller broke the contract, for example with a time without a zone.
    """

    @property
    def channel(self) -> str:
        """The name under which the registry knows this marketplace."""
        ...

    def capabilities(self, country: str) -> Capabilities:
        """What can be done in one country. Asks nobody, and never fails for an unknown country."""
        ...

    def authorize_link(self, app: AppCredentials, *, redirect_url: str, state: str) -> str:
        """The page where a seller lets this app in; make it on demand, it may expire in minutes.

        The seller comes back to `redirect_url` with `state` among the query parameters. Asks
        nobody.
        """
        ...

    def exchange_code(self, app: AppCredentials, callback: Mapping[str, str]) -> Tokens:
        """Turn the query parameters the seller came back with into a first pair of tokens.

        A code works once. `AuthorizationEnded`: used, expired or wrong. `OutcomeUnknown`: it may be
        spent, so the seller has to authorize again.
        """
        ...

    def refresh(self, app: AppCredentials, *, shop_id: str, refresh_token: str) -> Tokens:
        """A new pair for the old refresh token, which is spent: one caller per shop at a time.

        The caller stores the new pair before using it. `AuthorizationEnded`: a person has to
        authorize again. `OutcomeUnknown`: the old refresh token may be spent; one further try with
        it settles that.
        """
        ...

    def shop_facts(self, access: ShopAccess) -> ShopFacts:
        """The shop's own name, country, and end of its authorization.

        Where the marketplace does not tell the country, it is that of `access`.
        """
        ...

    def verify_push(
        self, app: AppCredentials, *, callback_url: str, raw_body: bytes, signature: str
    ) -> bool:
        """Whether the marketplace signed a call to us. Compares in constant time, never raises.

        `callback_url` is the address as registered there, `raw_body` the bytes as received.
        """
        ...

    def read_push(self, raw_body: bytes) -> Push:
        """What a call to us says. Asks nobody; only of a body whose signature was checked.

        A kind that we do not know is `SomethingElse`, never an error. `MalformedPush`: no push of
        this marketplace, or one of a known kind that lacks what it is about.
        """
        ...

    def orders(
        self,
        access: ShopAccess,
        *,
        since: datetime,
        until: datetime,
        by: OrderTime = OrderTime.UPDATED,
        cursor: str = "",
    ) -> OrderPage:
        """One page of the orders of a window of any length; go on until `next_cursor` is empty.

        Orders come at least once, in no promised order. After an error the same cursor can be used
        again.
        """
        ...

    def order(self, access: ShopAccess, number: str) -> Order:
        """One order by its number. `NotFound`: the shop has no such order."""
        ...

    def tracking_number(
        self, access: ShopAccess, *, order_number: str, parcel_number: str = ""
    ) -> str:
        """The tracking number of an order's parcel, or empty while the carrier has issued none.

        `NotFound`: no such order.
        """
        ...

    def conversations(self, access: ShopAccess, *, cursor: str = "") -> ConversationPage:
        """One page of the shop's conversations, newest first."""
        ...

    def find_conversation(
        self,
        access: ShopAccess,
        *,
        buyer_id: str,
        since: datetime | None = None,
        max_pages: int = 4,
    ) -> ConversationSearch:
        """Look for a buyer's conversation in the list, back to `since`, at most `max_pages` pages.

        Not finding one is an answer, not an error: `is_complete` says how far it can be trusted.
        """
        ...

    def open_conversation(self, access: ShopAccess, *, order_number: str, buyer_id: str) -> str:
        """The id of the conversation about an order, opened if there is none yet.

        Empty where the marketplace opens it with the first message. `PermanentError` with
        `WINDOW_CLOSED`: this buyer may not be written to.
        """
        ...

    def messages(
        self, access: ShopAccess, conversation_id: str, *, cursor: str = ""
    ) -> MessagePage:
        """One page of a conversation, newest first. `NotFound`: no such conversation."""
        ...

    def mark_read(self, access: ShopAccess, conversation_id: str, *, last_message_id: str) -> None:
        """Say that the shop has read a conversation up to a message; the buyer may see that.

        Safe to repeat: after a `TransientError` it may have been done. Where a marketplace marks
        only whole conversations, what came after `last_message_id` counts as read too. `NotFound`:
        no such conversation.
        """
        ...

    def upload_image(
        self, access: ShopAccess, image: bytes, *, media_type: str = "image/jpeg"
    ) -> UploadedImage:
        """Hand a picture over, to be sent by its address. Nobody sees it yet: safe to repeat.

        `PermanentError` with `REFUSED_CONTENT`: too large or of a format that is not taken.
        """
        ...

    def send(
        self, access: ShopAccess, message: OutgoingMessage, *, deadline_s: float
    ) -> SentMessage:
        """Send one message. No marketplace can tell a repeat from a second message.

        Ends within `deadline_s` seconds, and writes nothing after them. `OutcomeUnknown`: the
        message may be in the chat; read back before sending again. Every other error: it is known
        not to be. `OrderCardNeeded`: send the order card first. `RepeatedContent`: the same text is
        there already.
        """
        ...

    def read_back(
        self,
        access: ShopAccess,
        message: OutgoingMessage,
        *,
        since: datetime,
        known_ids: Collection[str] = (),
        clock_skew: timedelta = CLOCK_SKEW,
        max_pages: int = 40,
    ) -> ReadBack:
        """Look for a message whose outcome is unknown; `since` is when its request began.

        Only messages an app wrote for this shop count, and none whose id is in `known_ids` (those
        already recorded for other messages). An error means that nothing was learnt.
        """
        ...

    def classify_error(self, name: str, detail: str = "") -> MarketplaceError:
        """The error that a marketplace's error name stands for on a send. Asks nobody."""
        ...


@runtime_checkable
class CountsUnread(Protocol):
    """A marketplace that tells how much is unread without the list of conversations."""

    def unread_conversations(self, access: ShopAccess) -> int:
        """In how many conversations something is unread: conversations, not messages.

        Elsewhere, those of the list are counted whose `unread_count` is not 0. Raises as all that
        read does.
        """
        ...


@runtime_checkable
class TellsReturns(Protocol):
    """A marketplace that lists the returns and refunds that buyers ask for."""

    def returns(
        self, access: ShopAccess, *, since: datetime, until: datetime, cursor: str = ""
    ) -> ReturnPage:
        """One page of the returns that changed in a window; go on until `next_cursor` is empty.

        Returns come at least once, in no promised order. Raises as all that read does.
        """
        ...


@runtime_checkable
class KeepsLostPushes(Protocol):
    """A marketplace that keeps the pushes that did not reach us, for us to ask for."""

    def lost_pushes(self, app: AppCredentials) -> LostPushes:
        """The oldest pushes of the app that were lost and not confirmed, some at a time.

        Raises as all that read does.
        """
        ...

    def confirm_lost_pushes(self, app: AppCredentials, last_id: str) -> None:
        """Say that the pushes up to `last_id` are kept here; safe to repeat. Raises as above."""
        ...
