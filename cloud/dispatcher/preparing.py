"""All that a message needs before its request: the line to its shop, and a picture's upload."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from cloud import metrics
from cloud.conversations.states import MessageKind, Reason
from cloud.dispatcher.chat_pictures.making import Form, Source, chat_picture
from cloud.dispatcher.errors import PictureRefused
from cloud.dispatcher.jobs import Job
from cloud.dispatcher.retry import Next, Step
from cloud.marketplaces.capabilities import Capabilities
from cloud.marketplaces.chats import (
    ImagePart,
    MessagePart,
    OrderCardPart,
    TextPart,
    UploadedImage,
)
from cloud.photos.errors import PhotoDamaged, PhotoMissing, PhotoStoreError
from cloud.photos.store import PhotoStore
from cloud.shops.errors import NotAuthorized
from cloud.shops.gateway import Line, ShopGateway
from cloud.shops.service import Purpose

OBSTACLES = (NotAuthorized, PictureRefused, PhotoStoreError)
"""What `Preparing.ready` raises beside MarketplaceError; `step_past` says what follows."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that can be requested at once."""

    line: Line
    part: MessagePart
    uploaded: UploadedImage | None
    conversation_id: str
    """Empty where the marketplace finds it by the buyer, or the message before will name it."""


class Preparing:
    """Gets messages ready; used by all sender threads, which may have the next one got ready."""

    def __init__(
        self,
        store: PhotoStore,
        gateway: ShopGateway,
        threads: int,
        font: Path | None = None,
    ) -> None:
        """``font``: the letters of the strip below pictures; None: Latin ones."""
        self._store = store
        self._font = font
        self._gateway = gateway
        self._ahead = ThreadPoolExecutor(threads, thread_name_prefix="dispatch-upload")

    def ready(self, job: Job) -> Ready:
        """Open the conversation, and upload a picture where the message is one.

        Raises:
            MarketplaceError: from a token, opening or the upload; nothing of it is in the chat.
            NotAuthorized, PictureRefused, PhotoStoreError: see OBSTACLES.
        """
        line = self._gateway.line(job.shop, Purpose.CHAT)
        # Opened for every dispatch unless its chat was just read, and not taken from the last one:
        # where the marketplace closes conversations, only opening brings one back.
        conversation_id = job.conversation_id or line.marketplace.open_conversation(
            line.access, order_number=job.order_number, buyer_id=job.buyer_id
        )
        return replace(self._without_conversation(job, line), conversation_id=conversation_id)

    def ahead(self, job: Job) -> "Future[Ready]":
        """In another thread, while the message before it goes out, which names the conversation."""
        return self._ahead.submit(self._ready_to_follow, job)

    def close(self) -> None:
        """Wait for what is being got ready; call it after the last `ahead`."""
        self._ahead.shutdown(cancel_futures=True)

    def _ready_to_follow(self, job: Job) -> Ready:
        return self._without_conversation(job, self._gateway.line(job.shop, Purpose.CHAT))

    def _without_conversation(self, job: Job, line: Line) -> Ready:
        try:
            part, uploaded = self._part(job, line)
        except PhotoStoreError as error:
            metrics.PHOTO_STORE_ERRORS.labels(type(error).__name__).inc()
            raise
        return Ready(line, part, uploaded, conversation_id="")

    def _part(self, job: Job, line: Line) -> tuple[MessagePart, UploadedImage | None]:
        """The part to send; a picture is uploaded for this message alone (invariant 6).

        A second try sends the same upload: its address is what the chat is searched for, and a
        marketplace that has it already refuses the repetition.
        """
        if job.kind is MessageKind.TEXT:
            return TextPart(job.text), None
        if job.kind is MessageKind.ORDER_CARD:
            return OrderCardPart(job.order_number), None
        uploaded = job.uploaded or self._upload(job, line)
        return ImagePart(uploaded.url, uploaded.width_px, uploaded.height_px), uploaded

    def _upload(self, job: Job, line: Line) -> UploadedImage:
        capabilities = line.marketplace.capabilities(line.access.country)
        return line.marketplace.upload_image(line.access, self._picture(job, capabilities))

    def _picture(self, job: Job, limits: Capabilities) -> bytes:
        if job.picture is None:
            raise PictureRefused("the message is a picture of no photo")
        sources = [
            Source(self._store.read(job.claim.organisation_id, one.sha256), one.area)
            for one in job.picture.shown
        ]
        form = Form(
            max_bytes=limits.image_max_bytes,
            max_side_px=min(
                limits.image_max_side_px, job.picture.side_px or limits.image_max_side_px
            ),
            words=job.picture.words,
            font=self._font,
        )
        return chat_picture(sources, form)


def step_past(obstacle: Exception, wait: timedelta) -> Step:
    """What follows one of OBSTACLES."""
    if isinstance(obstacle, NotAuthorized):
        return Step(Next.HOLD, Reason.AUTHORIZATION, str(obstacle))
    if isinstance(obstacle, (PictureRefused, PhotoMissing, PhotoDamaged)):
        return Step(Next.FAIL_MESSAGE, Reason.PHOTO_DAMAGED, str(obstacle))
    return Step(Next.AGAIN, Reason.OUTAGE, str(obstacle), wait)
