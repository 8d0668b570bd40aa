"""Photos in an S3 bucket, or in whatever else speaks that protocol.

Key: [<prefix>/]<organisation>/<sha256>. An answer of 200 means that the object is durable and
whole: S3 shows an object only once its last byte has come, and each request carries the signed hash
of its bytes. Put is create-only (If-None-Match), so that what is there is verified and never
overwritten unless it is damaged. Every call has a deadline, and repeats requests only within it.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from cloud.photos.errors import (
    PhotoDamaged,
    PhotoMissing,
    PhotoStoreError,
    StoreUnavailable,
    StoreUnusable,
)
from cloud.photos.s3_errors import explain
from cloud.photos.settings import S3Settings
from cloud.photos.store import PhotoKey, StoredPhoto, matches, photo_key, require_match

if TYPE_CHECKING:  # obstore has these for type checkers alone
    from obstore.store import ClientConfig, S3Credential

T = TypeVar("T")

_TRIALS = "trial"
_RETRIES = 3
_LONGEST_PAUSE = timedelta(seconds=1)
_LONGEST_CONNECT_S = 5.0
_LISTED_AT_ONCE = 1000
"""As many as a server gives in one answer."""

logger = logging.getLogger(__name__)


class S3PhotoStore:
    """A photo store in a bucket that exists. Nothing is put before `check` has passed once.

    Raises StoreUnusable when the settings cannot be used.
    """

    def __init__(self, settings: S3Settings) -> None:
        self._place = settings.described
        self._root = f"{settings.prefix.strip('/')}/".lstrip("/")
        self._bucket = _open(settings)
        self._checked = False
        self._checking = threading.Lock()

    def __repr__(self) -> str:
        return f"S3PhotoStore({self._place})"

    def check(self) -> None:
        """See `PhotoStore.check`.

        Raises StoreUnusable, too, when the server ignores the condition of a create-only put.
        """
        trial = f"{self._root}{_TRIALS}/{uuid.uuid4().hex}"
        try:
            self._try_out(trial)
        except PhotoMissing:
            raise StoreUnavailable(f"{self._place} does not give back what was put") from None
        self._checked = True

    def put(self, organisation_id: int, sha256: str, data: bytes) -> None:
        """See `PhotoStore.put`."""
        key = PhotoKey(organisation_id, sha256)
        require_match(key, data)
        self._require_checked()
        if self._create(self._name(key), data) or self._is_sound(key):
            return
        logger.warning("a damaged photo is replaced", extra={"photo": sha256})
        self._call(lambda: obstore.put(self._bucket, self._name(key), data, use_multipart=False))
        if not self._is_sound(key):
            raise StoreUnavailable(f"{self._place} gives back other bytes than were put")

    def read(self, organisation_id: int, sha256: str) -> bytes:
        """See `PhotoStore.read`."""
        key = PhotoKey(organisation_id, sha256)
        try:
            data = self._get(self._name(key))
        except PhotoMissing:
            raise PhotoMissing(f"no photo {sha256} of organisation {organisation_id}") from None
        if not matches(key, data):
            raise PhotoDamaged(
                f"the stored photo {sha256} of organisation {organisation_id} is damaged: "
                f"{len(data)} bytes with another hash"
            )
        return data

    def exists_verified(self, organisation_id: int, sha256: str) -> bool:
        """See `PhotoStore.exists_verified`."""
        return self._is_sound(PhotoKey(organisation_id, sha256))

    def delete(self, organisation_id: int, sha256: str) -> None:
        """See `PhotoStore.delete`."""
        self._delete(self._name(PhotoKey(organisation_id, sha256)))

    def organisations(self) -> list[int]:
        """See `PhotoStore.organisations`."""
        found = self._call(
            lambda: obstore.list_with_delimiter(self._bucket, self._root.rstrip("/") or None)
        )
        names = [path.rsplit("/", 1)[-1] for path in found["common_prefixes"]]
        return sorted(int(name) for name in names if name.isdecimal())

    def listing(self, organisation_id: int) -> Iterator[StoredPhoto]:
        """See `PhotoStore.listing`. Raises StoreUnusable when the server gives no order."""
        folder = f"{self._root}{organisation_id}"
        pages = obstore.list(self._bucket, folder, chunk_size=_LISTED_AT_ONCE)
        last = ""
        while (page := self._call(lambda: next(pages, None))) is not None:
            for entry in page:
                key = photo_key(organisation_id, entry["path"].removeprefix(f"{folder}/"))
                if key is None:
                    continue
                if key.sha256 <= last:
                    raise StoreUnusable(f"{self._place} lists its objects in no order")
                last = key.sha256
                yield StoredPhoto(key, entry["size"], entry["last_modified"])

    # --- one request each -----------------------------------------------------------------------

    def _create(self, name: str, data: bytes) -> bool:
        """Put what is not there yet; False when something is there."""

        def put() -> bool:
            try:
                obstore.put(self._bucket, name, data, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

        return self._call(put)

    def _get(self, name: str) -> bytes:
        return self._call(lambda: bytes(obstore.get(self._bucket, name).bytes()))

    def _delete(self, name: str) -> None:
        try:
            self._call(lambda: obstore.delete(self._bucket, name))
        except PhotoMissing:
            return

    def _call(self, request: Callable[[], T]) -> T:
        """Make a request; its errors become ours, without the library's text (it may name keys)."""
        try:
            return request()
        except (BaseError, OSError, ValueError) as error:
            raise explain(error, self._place) from None

    # --- the rest -------------------------------------------------------------------------------

    def _name(self, key: PhotoKey) -> str:
        return f"{self._root}{key.organisation_id}/{key.sha256}"

    def _is_sound(self, key: PhotoKey) -> bool:
        try:
            return matches(key, self._get(self._name(key)))
        except PhotoMissing:
            return False

    def _require_checked(self) -> None:
        """A store that could not be reached at the start is checked before its first photo."""
        if self._checked:
            return
        with self._checking:
            if not self._checked:
                self.check()

    def _try_out(self, trial: str) -> None:
        self._create(trial, b"first")
        try:
            self._require_create_only(trial)
            self.organisations()
        except BaseException:
            self._forget(trial)
            raise
        self._delete(trial)

    def _require_create_only(self, trial: str) -> None:
        if self._create(trial, b"second") or self._get(trial) != b"first":
            raise StoreUnusable(
                f"{self._place} does not keep to create-only puts (If-None-Match), so photos "
                "could overwrite each other there; take another server or a newer version"
            )

    def _forget(self, trial: str) -> None:
        try:
            self._delete(trial)
        except PhotoStoreError as error:
            # The error that came before says more.
            logger.warning("a trial object stays: %s", error)


def _open(settings: S3Settings) -> S3Store:
    """Everything is said explicitly: the library would else take it from AWS_... variables."""
    try:
        return S3Store(
            settings.bucket,
            config={
                "endpoint": settings.request_endpoint,
                "aws_endpoint_url_s3": settings.request_endpoint,
                "region": settings.region,
                "virtual_hosted_style_request": not settings.path_style,
                "conditional_put": "etag",
                "skip_signature": False,
                "unsigned_payload": False,
                # One request for one object: the one for many is not offered by every server.
                "disable_bulk_delete": True,
            },
            client_options=_client_options(settings),
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=settings.deadline_s / 2),
                "backoff": {"max_backoff": _LONGEST_PAUSE},
            },
            credential_provider=_credentials(settings),
        )
    except (BaseError, ValueError, OSError) as error:
        raise StoreUnusable(
            f"{settings.described} cannot be used: {type(error).__name__}; "
            "look at the settings s3.endpoint and s3.ca_file"
        ) from None


def _client_options(settings: S3Settings) -> "ClientConfig":
    # A request may be repeated until half of the deadline is over, and each has the other half.
    request_s = settings.deadline_s / 2
    options: ClientConfig = {
        "timeout": timedelta(seconds=request_s),
        "connect_timeout": timedelta(seconds=min(request_s, _LONGEST_CONNECT_S)),
        "allow_http": settings.server.startswith("http://"),
    }
    if settings.ca_file is not None:
        options["root_certificate"] = settings.ca_file.read_bytes()
    return options


def _credentials(settings: S3Settings) -> "Callable[[], S3Credential] | None":
    """The keys of the settings; None: the library looks where AWS programs look."""
    if not settings.access_key_id:
        return None

    def keys() -> "S3Credential":
        return {
            "access_key_id": settings.access_key_id,
            "secret_access_key": settings.secret_access_key,
            "token": None,
            "expires_at": None,
        }

    return keys
