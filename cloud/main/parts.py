"""What the roles are built from. Each part is opened when the first role asks for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Protocol

from cloud.database.feed import ChangeFeed
from cloud.database.leases import forget_leases
from cloud.database.scope import system
from cloud.mail.posting import MailRoom
from cloud.main.opening import Basics, basics, photo_store_tried_out
from cloud.main.process import end_process
from cloud.main.settings import CloudSettings
from cloud.marketplaces.http_clients import HttpClients
from cloud.photos.store import PhotoStore
from cloud.shops.gateway import ShopGateway


class Service(Protocol):
    """A role at work in threads of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Finish what is in work and end."""


class Parts:
    """Database, photos, news and shops, shared by the roles of this process."""

    def __init__(self, made: Basics, stack: ExitStack, *, alone: bool) -> None:
        """``alone``: no other process uses the data folder."""
        self.settings = made.settings
        self.database = made.database
        self.box = made.box
        self._stack = stack
        self._alone = alone

    @cached_property
    def store(self) -> PhotoStore:
        """The photo store, tried out. Raises PermanentPhotoStoreError."""
        return photo_store_tried_out(self.settings, owner=self._alone)

    @cached_property
    def feed(self) -> ChangeFeed:
        """News of the database."""
        feed = ChangeFeed(self.database, on_death=end_process)
        self._stack.callback(feed.close)
        return feed

    def end_news(self) -> None:
        """Close the feed, if anybody opened it."""
        if "feed" in self.__dict__:
            self.feed.close()

    @cached_property
    def clients(self) -> HttpClients:
        """For calls to marketplaces."""
        clients = HttpClients()
        self._stack.callback(clients.close)
        return clients

    @cached_property
    def gateway(self) -> ShopGateway:
        """Lines to the shops."""
        return ShopGateway(self.database, self.box, self.clients)

    @property
    def mails(self) -> MailRoom:
        """Where mails are posted; it is closed where no mail server is set."""
        return MailRoom(self.box, is_open=bool(self.settings.mail.host))

    @property
    def on_death(self) -> Callable[[BaseException], None]:
        """What the death of a thread does: it ends the process."""
        return end_process


@contextmanager
def parts(settings: CloudSettings, *, alone: bool) -> Iterator[Parts]:
    """Open database and keys; the caller holds the data folder's lock."""
    with ExitStack() as stack:
        made = stack.enter_context(basics(settings))
        if made.database.engines.is_sqlite:
            made.database.write(forget_leases, system("the only process begins"))
        yield Parts(made, stack, alone=alone)
