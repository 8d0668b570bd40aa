"""The settings as the parts of the program take them."""

import re
from typing import Final

from edge.rules.settings import PackingSettings
from edge.scanner.codes import CodeRules
from edge.settings import TableSettings
from edge.uplink.credentials import Credentials
from edge.uplink.settings import BackOff, TransferLimits, UplinkSettings
from wire.enrolment import BrokerNode

_REFUSED_FIRST_S: Final = 15.0
"""Who was refused has no reason to hurry."""


def packing_settings(settings: TableSettings) -> PackingSettings:
    """The settings of the state machine."""
    packing = settings.packing
    return PackingSettings(
        max_photos=packing.max_photos,
        photo_bounce_ms=packing.photo_bounce_ms,
        send_bounce_ms=packing.send_bounce_ms,
        double_read_ms=packing.double_read_ms,
        idle_ms=_ms(packing.idle_unsent_s),
        packer_idle_ms=_ms(packing.packer_idle_s),
        shift_ms=_ms(packing.shift_s),
        send_delay_ms=_ms(packing.send_delay_s),
        withdraw_ms=_ms(packing.withdraw_s),
        capture_deadline_ms=packing.capture_deadline_ms,
        save_deadline_ms=packing.save_deadline_ms,
        refused_ms=packing.refused_sign_ms,
        saved_ms=packing.saved_sign_ms,
        offline_after_ms=_ms(packing.offline_sign_after_s),
        server_url=settings.enrolment.server_url.rstrip("/").lower(),
        codes=code_rules(settings),
    )


def code_rules(settings: TableSettings) -> CodeRules:
    """The rules of code classes."""
    codes = settings.codes
    return CodeRules(
        order_patterns=tuple(re.compile(pattern) for pattern in codes.order_patterns),
        command_prefix=codes.command_prefix,
        badge_prefix=codes.badge_prefix,
        strip_aim=codes.strip_aim,
        letters=codes.letters,
    )


def uplink_settings(settings: TableSettings, software: str) -> UplinkSettings:
    """The settings of the connection."""
    uplink = settings.uplink
    return UplinkSettings(
        ca_file=uplink.ca_file,
        proxy_url=uplink.proxy or "",
        proxy_credentials_file=uplink.proxy_credentials_file,
        keepalive_s=uplink.keepalive_s,
        puback_timeout_s=2.0 * uplink.keepalive_s,
        reconnect=BackOff(first_s=1.0, longest_s=uplink.reconnect_longest_s),
        refused=BackOff(
            first_s=min(_REFUSED_FIRST_S, uplink.refused_longest_s),
            longest_s=uplink.refused_longest_s,
        ),
        slice_bytes=uplink.slice_bytes,
        health_interval_s=uplink.health_interval_s,
        software=software,
        transfer=TransferLimits(answer_timeout_s=uplink.answer_timeout_s),
    )


def with_overrides(credentials: Credentials, settings: TableSettings) -> Credentials:
    """The broker as told at enrolment, except for what the settings say."""
    uplink = settings.uplink
    # those told at enrolment belong to the broker that is replaced
    told = None if uplink.host is None else ()
    wanted = {
        "host": uplink.host,
        "port": uplink.port,
        "transport": uplink.transport,
        "tls": uplink.tls,
        "further": _nodes(uplink.further if uplink.further is not None else told),
        "websockets": _nodes(uplink.websockets if uplink.websockets is not None else told),
    }
    changes = {name: value for name, value in wanted.items() if value is not None}
    broker = credentials.broker.model_copy(update=changes)
    return credentials.model_copy(update={"broker": broker})


def _nodes(texts: tuple[str, ...] | None) -> tuple[BrokerNode, ...] | None:
    return None if texts is None else tuple(BrokerNode.of(one) for one in texts)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
