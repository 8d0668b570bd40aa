"""What the pages need from the program that serves them."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from cloud.database.feed import ChangeFeed
from cloud.database.secrets import SecretBox
from cloud.database.write import Database, log_death
from cloud.mail.posting import MailRoom
from cloud.photos.store import PhotoStore
from cloud.shops.authorizing import Authorizing


@dataclass(frozen=True, slots=True)
class DashboardDeps:
    """The parts of the cloud that the pages work on, and the public settings they show.

    Raises ValueError when ``buyer_view_url`` is not the address of a page on some server.
    """

    database: Database
    photos: PhotoStore
    feed: ChangeFeed
    authorizing: Authorizing
    mails: MailRoom
    box: SecretBox
    own_url: str
    """Address of these pages, to which marketplaces send sellers back: scheme and host, no path."""
    public_url: str = ""
    """The address that people use; cookies are marked secure when it begins with https."""
    buyer_view_url: str = ""
    """Page that shows a chat as its buyer sees it, with {shop_id} and {buyer_id} (ids of the
    marketplace) in it. Empty where there is no such page: only a sandbox has one.
    """
    on_death: Callable[[BaseException], None] = log_death
    """Called when live updates have ended for good; the process must end then."""

    def __post_init__(self) -> None:
        if self.buyer_view_url and not self.buyer_view_origin:
            raise ValueError(
                f"buyer_view_url must be an http or https address, not {self.buyer_view_url!r}"
            )

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.public_url.startswith("https://")

    @property
    def public_origin(self) -> str:
        """Scheme and host that people use; empty when it is not set."""
        return _origin(self.public_url)

    @property
    def buyer_view_origin(self) -> str:
        """Scheme and host of the buyer's page: the only one that may be framed."""
        return _origin(self.buyer_view_url)

    def buyer_view(self, shop_id: str, buyer_id: str) -> str:
        """Address of the chat of one buyer; empty where there is no such page."""
        ids = {"{shop_id}": shop_id, "{buyer_id}": buyer_id}
        address = self.buyer_view_url
        for placeholder, value in ids.items():
            address = address.replace(placeholder, quote(value, safe=""))
        return address


def _origin(address: str) -> str:
    parts = urlsplit(address)
    is_web = parts.scheme in {"http", "https"} and parts.netloc
    return f"{parts.scheme}://{parts.netloc}" if is_web else ""
