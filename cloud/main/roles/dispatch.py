"""The role `dispatch`: sends the outbox."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from cloud.dispatcher.chat_pictures.strip import is_font
from cloud.dispatcher.engine import Dispatcher
from cloud.dispatcher.settings import DispatcherSettings, PictureSettings
from cloud.main.errors import BadSettings
from cloud.main.parts import Parts
from cloud.main.settings import PicturesSettings


def dispatcher(made: Parts) -> Dispatcher:
    """The dispatcher of this process.

    Raises:
        BadSettings: the font of the strip below pictures is none.
    """
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
            tracking_counts_for=timedelta(days=made.settings.orders.tracking_number_days),
            too_old=timedelta(hours=sending.too_old_hours),
            held_release=timedelta(hours=sending.held_release_hours),
            settle=timedelta(seconds=sending.settle_s),
            pictures=_pictures(made.settings.pictures),
        ),
        on_death=made.on_death,
    )


def _pictures(settings: PicturesSettings) -> PictureSettings:
    """Said at the start, and not by the first picture that cannot be made."""
    if settings.font is not None and not is_font(settings.font):
        raise BadSettings(f"pictures.font: {settings.font} cannot be read as a font")
    return PictureSettings(
        side_px=settings.side_px or None,
        strip=settings.strip,
        zone=ZoneInfo(settings.time_zone),
        font=settings.font,
    )
