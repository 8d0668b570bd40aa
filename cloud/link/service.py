"""The link as a whole: connection, router, workers.

One router thread takes messages in order and puts slices together; complete photos are stored by
a few workers at once; everything else of one device is handled in order by one of the message
workers. The connection bounds what is in work, and so every queue here. What one message does,
whatever it is, ends with that message: it is logged and acknowledged, and its table repeats what
matters. Only the death of a thread ends the process.
"""

import logging
import queue
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from cloud.database.feed import ChangeFeed
from cloud.database.write import Database
from cloud.dispatcher.taking_in import AskForDispatch
from cloud.link.assembly import Assembly, Complete, Refused, WrongHash
from cloud.link.connection import CloudConnection
from cloud.link.inventories import InventoryAnswers
from cloud.link.leasing import PartitionLeases
from cloud.link.lookups import Advise, Lookups
from cloud.link.manifests import ManifestIntake
from cloud.link.mqtt import Incoming
from cloud.link.outbound import Outbound
from cloud.link.photos import PhotoIntake
from cloud.link.progress import ProgressTeller
from cloud.link.reports import Report, Reports
from cloud.link.senders import Sender, Senders
from cloud.link.settings import LinkSettings
from cloud.photos.store import PhotoStore
from cloud.threads import Threads
from wire.errors import BadTopic, WireError
from wire.messages import Health, Inventory, Lookup, PhotoResult, Presence
from wire.topics import Up, UpTopic, parse_up

logger = logging.getLogger(__name__)

_STOP_DEADLINE_S = 15.0
"""A manifest may wait 10 s for photos that are being stored."""

_Work = tuple[Incoming, Sender, UpTopic]

_REPORTS: dict[Up, type[Presence] | type[Health]] = {Up.PRESENCE: Presence, Up.HEALTH: Health}


class Link:
    """Takes in what tables publish and answers it."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        database: Database,
        store: PhotoStore,
        feed: ChangeFeed,
        ask_for_dispatch: AskForDispatch,
        advise: Advise,
        on_death: Callable[[BaseException], None],
    ) -> None:
        self._connection = CloudConnection(settings, on_death, self._on_connected)
        self._leases = PartitionLeases(
            database,
            may_hold=lambda: self._connection.connected,
            follow=self._connection.follow,
            on_taken=self._on_taken,
            on_death=on_death,
        )
        outbound = Outbound(self._connection, self._leases.holds)
        self._outbound = outbound
        self._senders = Senders(database)
        self._assembly = Assembly(
            budget_bytes=settings.assembly_bytes, max_photo_bytes=settings.max_photo_bytes
        )
        self._photos = PhotoIntake(database, store, outbound, settings.photo_workers)
        self._manifests = ManifestIntake(database, store, self._photos, outbound, ask_for_dispatch)
        self._progress = ProgressTeller(
            database, feed, self._senders, outbound, on_death, holds=self._leases.holds
        )
        self._inventories = InventoryAnswers(
            database,
            store=store,
            assembly=self._assembly,
            photos=self._photos,
            progress=self._progress,
            outbound=outbound,
        )
        self._reports = Reports(database)
        self._lookups = Lookups(advise, outbound)
        self._queues: list[queue.Queue[_Work | None]] = [
            queue.Queue() for _ in range(settings.message_workers)
        ]
        working = {
            f"link-messages-{number}": partial(self._work, waiting)
            for number, waiting in enumerate(self._queues)
        }
        self._threads = Threads({"link-router": self._route, **working}, on_death)

    def start(self) -> None:
        """Begin to connect and to take messages in."""
        self._progress.start()
        self._threads.start()
        self._leases.start()
        self._connection.start()

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the broker gives us what our tables say, waiting up to ``timeout_s``."""
        return self._connection.wait_hearing(timeout_s)

    def alive(self) -> bool:
        """Whether every thread turns."""
        owners = (self._connection, self._progress, self._leases)
        return self._threads.all_alive() and all(owner.alive() for owner in owners)

    def stop(self) -> None:
        """Disconnect and finish what is in work. Close the change feed first."""
        self._progress.stop()
        self._leases.stop()
        self._connection.stop()
        self._threads.join(_STOP_DEADLINE_S)
        self._photos.close()
        self._lookups.close()

    def _on_connected(self) -> None:
        self._leases.look_now()

    def _on_taken(self, partitions: frozenset[int]) -> None:
        self._progress.tell_again(partitions)

    # --- router ---------------------------------------------------------------------------------

    def _route(self) -> None:
        while (message := self._connection.inbox.get()) is not None:
            try:
                self._route_one(message)
            except Exception:
                # Of any kind: one message must not end the link for every other table.
                logger.exception("a message is passed over; its table repeats what matters")
                self._connection.acknowledge(message)
        for waiting in self._queues:
            waiting.put(None)

    def _route_one(self, message: Incoming) -> None:
        try:
            topic = parse_up(message.topic)
        except BadTopic as error:
            logger.warning("refused: %s", error)
            self._connection.acknowledge(message)
            return
        sender = self._senders.find(topic.address.device_id)
        if sender is None or sender.address != topic.address:
            logger.warning(
                "refused a message of an unknown device", extra={"topic": message.topic[:200]}
            )
            self._connection.acknowledge(message)
        elif not self._leases.holds(topic.address.partition):
            # Heard before the topics were left; whoever holds the partition hears it too.
            self._connection.acknowledge(message)
        elif topic.kind is Up.PHOTO:
            self._add_slice(message, sender, topic)
        else:
            number = zlib.crc32(sender.device_id.encode()) % len(self._queues)
            self._queues[number].put((message, sender, topic))

    def _add_slice(self, message: Incoming, sender: Sender, topic: UpTopic) -> None:
        sha256, offset = topic.sha256 or "", topic.offset or 0
        result = self._assembly.add(
            sender.device_id, sha256, offset, message.size_bytes or 0, message.payload
        )
        match result:
            case Complete(data):
                self._photos.take(
                    sender, sha256, data, lambda: self._connection.acknowledge(message)
                )
                return
            case WrongHash():
                self._outbound.photo(sender.address, sha256, PhotoResult.WRONG_HASH)
            case Refused(reason):
                logger.warning(
                    "a slice was refused: %s", reason, extra={"device": sender.device_id}
                )
                self._outbound.photo(sender.address, sha256, PhotoResult.REFUSED, reason)
        self._connection.acknowledge(message)

    # --- message workers ------------------------------------------------------------------------

    def _work(self, waiting: "queue.Queue[_Work | None]") -> None:
        is_last = False
        while not is_last:
            works, is_last = _waiting_works(waiting)
            self._take_reports([work for work in works if work[2].kind in _REPORTS])
            for message, sender, topic in works:
                if topic.kind not in _REPORTS:
                    with self._ending(message, sender, topic):
                        self._handle(message, sender, topic)

    def _take_reports(self, works: "list[_Work]") -> None:
        """Together, and before what the same tables asked at the same time."""
        reports: list[Report] = []
        try:
            for message, sender, topic in works:
                with self._ending(message, sender, topic, acknowledges=False):
                    said = _REPORTS[topic.kind].from_bytes(message.payload)
                    reports.append(Report(sender, said))
            self._reports.take(reports)
        except Exception:
            # Of any kind: reports must not end the link, and tables say most of them again.
            logger.exception("what %d tables report is passed over", len(reports))
        finally:
            for message, _, _ in works:
                self._connection.acknowledge(message)

    @contextmanager
    def _ending(
        self, message: Incoming, sender: Sender, topic: UpTopic, *, acknowledges: bool = True
    ) -> Iterator[None]:
        """What a message does ends with it; the log has what it was."""
        try:
            yield
        except WireError as error:
            logger.warning("refused a %s: %s", topic.kind, error, extra=_ids(sender, topic))
        except Exception:
            # Of any kind: one message must not end the link for every other table.
            logger.exception(
                "a %s is passed over; its table repeats what matters",
                topic.kind,
                extra=_ids(sender, topic),
            )
        finally:
            if acknowledges:
                self._connection.acknowledge(message)

    def _handle(self, message: Incoming, sender: Sender, topic: UpTopic) -> None:
        payload = message.payload
        match topic.kind:
            case Up.PROOF:
                self._manifests.take(sender, topic.proof_id or "", payload)
            case Up.INVENTORY:
                self._inventories.take(sender, Inventory.from_bytes(payload))
            case Up.LOOKUP:
                self._lookups.take(sender, Lookup.from_bytes(payload))
            case _:
                logger.info("nothing handles a %s yet", topic.kind)


def _waiting_works(waiting: "queue.Queue[_Work | None]") -> tuple[list[_Work], bool]:
    """Wait for one and take with it what else is there; whether it was the last."""
    works: list[_Work] = []
    work = waiting.get()
    while work is not None:
        works.append(work)
        if waiting.empty():
            return works, False
        work = waiting.get()
    return works, True


def _ids(sender: Sender, topic: UpTopic) -> dict[str, object]:
    """What a line of the log names a message by."""
    about = {"proof": topic.proof_id} if topic.proof_id else {}
    return {"device": sender.device_id, **about}
