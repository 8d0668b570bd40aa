"""``packwitness-edge doctor``: checks what a table needs and says what to do."""

import os
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.camera import Camera
from edge.camera.errors import CameraError
from edge.camera.factory import build_camera
from edge.clock import Clock
from edge.daemon import label_reader, with_overrides
from edge.settings import TableSettings
from edge.spool.errors import SpoolError, SpoolLocked
from edge.spool.lock import LOCK_NAME
from edge.spool.store import Spool
from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.errors import CredentialsError
from wire.enrolment import BrokerNode

_PRESSES = 10
_SLOWEST_PRESS_MS = 400.0
_CAPTURE_S = 5.0
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    text: str
    to_do: str = ""


def examine(settings: TableSettings, clock: Clock) -> list[Finding]:
    """Check everything; a later check runs even if an earlier one failed."""
    findings = [Finding("settings", ok=True, text="can be read")]
    findings += [_clock(clock), *_enrolment(settings, clock)]
    findings += [_camera(settings, clock), _labels(settings)]
    return findings


def _clock(clock: Clock) -> Finding:
    if clock.now().synced:
        return Finding("clock", ok=True, text="is synchronised")
    return Finding(
        "clock",
        ok=False,
        text="is not synchronised: photos would carry an uncertain time",
        to_do="wait for the network, or see timedatectl; where something else keeps the clock "
        "right, set clock.trust to always",
    )


def _enrolment(settings: TableSettings, clock: Clock) -> Iterator[Finding]:
    try:
        stored = load_credentials(settings.enrolment.credentials_file)
    except CredentialsError as error:
        yield Finding(
            "enrolment",
            ok=False,
            text=str(error),
            to_do="print a claim sheet in the dashboard and run packwitness-edge enroll",
        )
        yield _disk(settings, None, clock)
        return
    credentials = with_overrides(stored, settings)
    yield Finding("enrolment", ok=True, text=f"{credentials.table_name} ({credentials.device_id})")
    yield _disk(settings, credentials, clock)
    for node in credentials.broker.nodes:
        yield _broker(settings, node, tls=credentials.broker.tls)


def _disk(settings: TableSettings, credentials: Credentials | None, clock: Clock) -> Finding:
    directory = settings.spool.directory
    problem = _rights(directory)
    if problem is not None:
        return problem
    if credentials is None or not (directory / LOCK_NAME).exists():
        return Finding("spool", ok=True, text=f"{directory} can be used")
    return _open_spool(directory, credentials, clock, settings.spool.reserve_bytes)


def _rights(directory: Path) -> Finding | None:
    """Try it: rights alone do not tell of read-only file systems."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"packwitness")
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            "spool",
            ok=False,
            text=f"{directory} cannot be written: {error.strerror}",
            to_do="run as the table's user, or set spool.directory to a folder of its own",
        )
    return None


def _open_spool(
    directory: Path, credentials: Credentials, clock: Clock, reserve_bytes: int
) -> Finding:
    try:
        spool = Spool.open(
            directory, device_id=credentials.device_id, clock=clock, reserve_bytes=reserve_bytes
        )
    except SpoolLocked:
        return Finding("spool", ok=True, text=f"{directory} is in use by the running daemon")
    except SpoolError as error:
        to_do = "make room, replace the card, or follow the text"
        return Finding("spool", ok=False, text=str(error), to_do=to_do)
    try:
        use, photos, waiting = spool.disk_use(), spool.kept_photos(), spool.counts()
    finally:
        spool.close()
    text = f"{directory}: {photos} photos, {waiting.waiting_proofs} proofs wait"
    return Finding("spool", ok=True, text=f"{text}, disk {use.used_percent:.0f} % used")


def _broker(settings: TableSettings, node: BrokerNode, *, tls: bool) -> Finding:
    address = f"{node.host}:{node.port}"
    try:
        with socket.create_connection((node.host, node.port), _CONNECT_S) as line:
            if tls:
                context = ssl.create_default_context(cafile=settings.uplink.ca_file)
                context.wrap_socket(line, server_hostname=node.host).close()
    except OSError as error:
        return Finding(
            "broker",
            ok=False,
            text=f"{address} cannot be reached: {error}",
            to_do="check network, name resolution and firewall; the table needs this address",
        )
    return Finding("broker", ok=True, text=f"{address} answers")


def _camera(settings: TableSettings, clock: Clock) -> Finding:
    to_do = "check cable and power, the setting camera.device, and the group of this user (video)"
    try:
        built = build_camera(settings.camera, clock)
        built.camera.start()
        try:
            press_ms = _ms_per_press(built.camera, clock.monotonic_ns)
            source = built.camera.facts.source
        finally:
            built.camera.stop()
    except CameraError as error:
        return Finding("camera", ok=False, text=str(error), to_do=to_do)
    is_fast = press_ms <= _SLOWEST_PRESS_MS
    text = f"{built.choice} ({source}), a press is answered in {press_ms:.0f} ms"
    slow = "use a smaller size or a better cable: photos would come late"
    return Finding("camera", ok=is_fast, text=text, to_do="" if is_fast else slow)


def _labels(settings: TableSettings) -> Finding:
    """A table that reads none is in order; a reader that does not load is not."""
    built = label_reader(settings)
    problem = built.reader.problem() if built.reader is not None else ""
    if not problem:
        return Finding("labels in photos", ok=True, text=built.choice)
    to_do = "install the extra codes anew, or set packing.label_check to false"
    return Finding("labels in photos", ok=False, text=f"cannot be read: {problem}", to_do=to_do)


def _ms_per_press(camera: Camera, monotonic_ns: Callable[[], int]) -> float:
    camera.capture(monotonic_ns(), _CAPTURE_S)
    began_ns = monotonic_ns()
    for _ in range(_PRESSES):
        camera.capture(monotonic_ns(), _CAPTURE_S)
    return (monotonic_ns() - began_ns) / 1e6 / _PRESSES
