"""The role `link`: hears tables, and answers them."""

import logging
from datetime import timedelta

from cloud.dispatcher.advice import Adviser
from cloud.dispatcher.asking import OrderAsking
from cloud.dispatcher.intake import ask_for_dispatch
from cloud.link.service import Link
from cloud.main.broker_access import BrokerAccess
from cloud.main.parts import Parts

logger = logging.getLogger(__name__)

_READY_S = 15.0


class LinkService:
    """The link of this process."""

    def __init__(self, made: Parts, access: BrokerAccess) -> None:
        asking = OrderAsking(made.database, made.gateway)
        counts_for = timedelta(days=made.settings.orders.tracking_number_days)
        self._link = Link(
            access.for_link(),
            database=made.database,
            store=made.store,
            feed=made.feed,
            ask_for_dispatch=ask_for_dispatch,
            advise=Adviser(made.database, asking, counts_for).advise,
            on_death=made.on_death,
        )

    def start(self) -> None:
        """Give the broker a while; without it the rest of the program begins all the same."""
        self._link.start()
        if not self._link.wait_connected(_READY_S):
            logger.warning("the broker has not accepted the cloud yet; trying on")

    def stop(self) -> None:
        """Disconnect and finish what is in work."""
        self._link.stop()
