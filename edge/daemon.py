"""Composition root: builds everything from the settings, runs the loop, stops in order."""

import logging
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType

from edge.camera.errors import CameraError
from edge.camera.factory import BuiltCamera, build_camera
from edge.clock import Clock, ToldClock
from edge.errors import TableCannotStart, TableError, TableFault
from edge.events import Standing, Stopping
from edge.health import health
from edge.indicator import Indicator
from edge.indicator.errors import IndicatorError
from edge.indicator.factory import build_indicator
from edge.labels.factory import BuiltReader, build_reader
from edge.owners.camera import CameraOwner
from edge.owners.camera_exits import CameraExits
from edge.owners.frames import FrameTray
from edge.owners.labels import LabelOwner
from edge.owners.line import CloudLine, Ends
from edge.owners.loop import PackingLoop
from edge.owners.mailbox import Mailbox
from edge.owners.starts import next_start_number
from edge.owners.store import CheckPhoto, OfferPhoto, StoreOwner
from edge.packing import State, initial
from edge.scanner import InputDevice
from edge.scanner.errors import InputFault
from edge.scanner.factory import build_inputs
from edge.service.reboot_log import RebootLog
from edge.service.remembering import Remembered, remembered
from edge.service.status_file import FOLDER_VARIABLE, StatusFile
from edge.service.supervisor import Supervisor
from edge.service.vitals import Vitals, VitalsWatch
from edge.service.watchdog import Watchdog
from edge.settings import TableSettings
from edge.settings.handed_on import packing_settings
from edge.spool.errors import SpoolError
from edge.spool.ownership import new_unenrolled_owner, owner_in
from edge.spool.retention import Retention
from edge.spool.store import Spool
from edge.uplink.credentials import Credentials, load_credentials
from edge.uplink.errors import CredentialsError, NotEnrolled
from wire.messages import Health

logger = logging.getLogger(__name__)

_FIRST_CAMERA_S = 3.0
"""How long the light waits for the camera at the start, so that it is not called lost at once."""
_STOP_OPEN_S = 8.0
_STOP_THREAD_S = 5.0
_STOP_UPLINK_S = 3.0
_STARTS = "starts"


def run(settings: TableSettings, clock: ToldClock) -> None:
    """Run a table until SIGTERM or SIGINT.

    Raises:
        TableCannotStart: something needed is missing or in use; the text says what to do.
        TableFault: the running table cannot go on; what was saved is safe.
    """
    with ExitStack() as stack:
        try:
            loop, camera = _build(settings, clock, stack)
        except (CredentialsError, SpoolError, InputFault, IndicatorError, CameraError) as error:
            raise TableCannotStart(str(error)) from error
        loop.run(_STOP_OPEN_S)
        if camera.ends_table is not None:
            raise camera.ends_table
    logger.info("stopped")


def _build(
    settings: TableSettings, clock: ToldClock, stack: ExitStack
) -> tuple[PackingLoop, CameraOwner]:
    """Start all owners. What is entered into the stack is stopped in the opposite order."""
    mailbox, tray = Mailbox(), FrameTray()
    camera, built = _camera(settings, tray, mailbox, clock)
    stack.push(partial(_end_although_it_hangs, camera))  # first in, so last of all
    credentials = _credentials(settings)
    spool = stack.enter_context(_spool(settings, credentials, clock))
    run = stack.enter_context(remembered(settings.spool.directory, clock))
    indicator = build_indicator(settings.indicator, clock)
    stack.enter_context(_started_indicator(indicator))
    store = StoreOwner(
        spool,
        tray,
        mailbox.post,
        clock,
        jpeg_quality=settings.camera.jpeg_quality,
        check=_photo_check(settings),
        offer=_label_check(settings, mailbox, clock, stack),
        packing_area=built.packing_area,
    )
    state = initial(
        secrets.token_hex(8),
        clock.monotonic_ns(),
        standing=Standing.ENROLLED if credentials else Standing.NOT_ENROLLED,
    )

    vitals = VitalsWatch()

    def say_health() -> Health:
        return _health(loop.state, store, run, vitals.look(), clock)

    ends = Ends(
        spool,
        store,
        health=say_health,
        next_start=lambda: next_start_number(settings.spool.directory / _STARTS),
        hear_time=clock.hear,
    )
    line = CloudLine(settings, credentials, ends, mailbox.post, clock)
    inputs = build_inputs(settings.input, mailbox.post, clock)
    threads = {"camera": camera.alive, "store": store.alive, "line to the cloud": line.alive}
    threads["light"] = indicator.alive
    threads |= {f"input {one.name}": one.alive for one in inputs}
    loop = PackingLoop(
        state,
        packing_settings(settings),
        mailbox,
        clock,
        camera=camera,
        store=store,
        cloud=line,
        indicator=indicator,
        scene=built.scene,
        tray=tray,
        threads=threads,
    )
    _start(stack, store, line, camera)
    stack.enter_context(_stop_signals(mailbox, clock))
    _start_inputs(stack, inputs)
    watchdog = Watchdog(threads | {"loop": loop.alive}, Supervisor(), run.last_words)
    watchdog.start()
    stack.callback(watchdog.stop)
    _tell_status(stack, say_health, clock)
    return loop, camera


def _tell_status(stack: ExitStack, say_health: Callable[[], Health], clock: Clock) -> None:
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        status = StatusFile(Path(folder), say_health, clock)
        status.start()
        stack.callback(status.stop)


def _credentials(settings: TableSettings) -> Credentials | None:
    """None: not enrolled, which keeps no table from packing. Raises CredentialsError."""
    try:
        return load_credentials(settings.enrolment.credentials_file)
    except NotEnrolled as error:
        logger.warning("%s, or scan its claim sheet; photos are kept meanwhile", error)
        return None


def _health(
    state: State, store: StoreOwner, run: Remembered, vitals: Vitals, clock: ToldClock
) -> Health:
    now = clock.now()
    return health(
        state,
        store.counts,
        store.used_percent,
        now,
        of_machine=[*vitals.faults, *run.faults(now.monotonic_ns), *clock.faults()],
        temperature_c=vitals.temperature_c,
    )


@contextmanager
def _spool(
    settings: TableSettings, credentials: Credentials | None, clock: Clock
) -> Iterator[Spool]:
    directory = settings.spool.directory
    owner = owner_in(directory) or new_unenrolled_owner()
    spool = Spool.open(
        directory,
        device_id=owner if credentials is None else credentials.device_id,
        formerly=() if credentials is None else credentials.formerly,
        clock=clock,
        retention=Retention(settings.spool.retention_days, settings.spool.retention_bytes),
        reserve_bytes=settings.spool.reserve_bytes,
    )
    for proof in (*spool.recovery.recovered, *spool.recovery.found):
        logger.warning(
            "proof recovered",
            extra={
                "proof": proof.proof_id,
                "code": proof.code,
                "closing": proof.closing,
                "photos": proof.photos,
            },
        )
    try:
        yield spool
    finally:
        spool.close()


@contextmanager
def _started_indicator(indicator: Indicator) -> Iterator[None]:
    indicator.start()
    try:
        yield
    finally:
        indicator.stop()


def _photo_check(settings: TableSettings) -> CheckPhoto:
    if not settings.camera.checks:
        return lambda _jpeg: ()
    from edge.camera.checks import PhotoChecks  # noqa: PLC0415 - Pillow only where it is used

    return PhotoChecks().check


def label_reader(settings: TableSettings) -> BuiltReader:
    """The reader of labels that the settings ask for."""
    return build_reader(
        wanted=settings.packing.label_check, has_patterns=bool(settings.codes.order_patterns)
    )


def _label_check(
    settings: TableSettings, mailbox: Mailbox, clock: Clock, stack: ExitStack
) -> OfferPhoto:
    built = label_reader(settings)
    logger.info("labels in photos", extra={"choice": built.choice})
    if built.reader is None:
        return lambda _capture_id, _jpeg: None
    owner = LabelOwner(built.reader, mailbox.post, clock)
    owner.start()
    stack.callback(_end, "labels", owner.stop, _STOP_THREAD_S)
    return owner.offer


def _camera(
    settings: TableSettings, tray: FrameTray, mailbox: Mailbox, clock: Clock
) -> tuple[CameraOwner, BuiltCamera]:
    built = build_camera(settings.camera, clock)
    logger.info("camera chosen", extra={"choice": built.choice})
    owner = CameraOwner(
        built.camera,
        tray,
        mailbox.post,
        clock,
        CameraExits(settings.spool.directory, RebootLog(settings.spool.directory, clock)),
        capture_deadline_ms=settings.packing.capture_deadline_ms,
        stall_ms=settings.camera.stall_ms,
    )
    return owner, built


def _start(stack: ExitStack, store: StoreOwner, line: CloudLine, camera: CameraOwner) -> None:
    store.start()
    stack.callback(_end, "store", store.stop, _STOP_THREAD_S)
    line.start()
    stack.callback(_end, "line to the cloud", line.stop, _STOP_UPLINK_S)
    camera.start()
    stack.callback(_end, "camera", camera.stop, _STOP_THREAD_S)
    camera.wait_settled(_FIRST_CAMERA_S)


def _start_inputs(stack: ExitStack, inputs: list[InputDevice]) -> None:
    for one in inputs:
        one.start()
        stack.callback(one.stop)


def _end(name: str, stop: Callable[[float], bool], deadline_s: float) -> None:
    if not stop(deadline_s):
        logger.error("a thread did not end in time", extra={"owner": name})


def _end_although_it_hangs(
    camera: CameraOwner,
    _kind: type[BaseException] | None,
    error: BaseException | None,
    _traceback: TracebackType | None,
) -> None:
    """Leave at once where the camera's driver holds a thread: everything else is safe by now, and
    Python's own end would wait for the driver (picamera2 closes the camera there once more).
    """
    if not camera.hangs:
        return
    code = error.exit_code if isinstance(error, TableError) else TableFault.exit_code
    reason = str(error or "the camera's driver does not let go")
    logger.critical("table ends although its camera hangs", extra={"reason": reason})
    logging.shutdown()
    os._exit(code)


@contextmanager
def _stop_signals(mailbox: Mailbox, clock: Clock) -> Iterator[None]:
    def ask(_number: int, _frame: FrameType | None) -> None:
        mailbox.post(Stopping(clock.monotonic_ns()))

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
