"""A table's credentials: kept in one file that only the daemon's user may read."""

import os
import stat
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr, ValidationError, field_serializer

from edge.uplink.errors import CredentialsError, NotEnrolled
from wire.enrolment import EnrolmentAnswer
from wire.errors import BadTopic
from wire.topics import Address

_OWNER_ONLY = 0o600


class Credentials(EnrolmentAnswer):
    """Who this table is, its password and its broker. The password is in no repr."""

    server_url: str = ""
    """The cloud that enrolled it; empty if an older version did."""
    formerly: tuple[str, ...] = ()
    """Devices that this machine was before: what they packed here is this one's to send."""
    renewed_at: datetime | None = None
    """When the password was made, by a synchronised clock."""
    next_password: SecretStr | None = None
    """Made up and perhaps not known to the cloud yet: see ``RenewalRequest``."""

    @field_serializer("next_password")
    def _reveal_next(self, value: SecretStr | None) -> str | None:
        return None if value is None else value.get_secret_value()

    @property
    def address(self) -> Address:
        """Where it lives in the topic tree."""
        return Address(self.partition, self.device_id)


def load_credentials(path: Path) -> Credentials:
    """Read the credentials file.

    Raises:
        NotEnrolled: there is none.
        CredentialsError: others may read it, or its content is not ours.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        raise NotEnrolled(
            f"{path}: this table is not enrolled; run packwitness-edge enroll"
        ) from None
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be read: {error.strerror}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise CredentialsError(
            f"{path}: others may read the password (mode {stat.S_IMODE(mode):o}); "
            f"chmod 600 it, and enrol again if somebody may have read it"
        )
    return _parse(path, content)


def _parse(path: Path, content: bytes) -> Credentials:
    try:
        credentials = Credentials.model_validate_json(content)
        _ = credentials.address
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "content"
        text = f"{path}: {field}: {first['msg']}; enrol this table again"
        raise CredentialsError(text) from None
    except BadTopic as error:
        raise CredentialsError(f"{path}: {error}; enrol this table again") from None
    return credentials


def save_credentials(path: Path, answer: EnrolmentAnswer) -> Credentials:
    """Write the file durably, readable by its owner alone, in place of an older one.

    Raises:
        CredentialsError: the disk refused; an older file is as it was.
    """
    content = answer.model_dump_json(indent=2).encode() + b"\n"
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(temporary, flags, _OWNER_ONLY), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be written: {error.strerror}") from error
    return Credentials.model_validate(answer.model_dump())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # makes the new name durable
    finally:
        os.close(descriptor)
