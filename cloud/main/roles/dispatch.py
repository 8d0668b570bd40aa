"""The role `dispatch`: sends the outbox."""

from datetime import timedelta

from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.settings import DispatcherSettings
from cloud.main.parts import Parts


def dispatcher(made: Parts) -> Dispatcher:
    """The dispatcher of this process."""
    sending = made.settings.sending
    return Dispatcher(
        database=made.database,
        store=made.store,
        feed=made.feed,
        gateway=made.gateway,
        settings=DispatcherSettings(
            senders=sending.senders,
            request_deadline_s=sending.request_deadline_s,
            lease=timedelta(seconds=sending.lease_s),
            wait_for_order=timedelta(seconds=sending.wait_for_order_s),
            too_old=timedelta(hours=sending.too_old_hours),
            held_release=timedelta(hours=sending.held_release_hours),
            settle=timedelta(seconds=sending.settle_s),
        ),
        on_death=made.on_death,
    )
