"""Enrols this table: exchanges the claim code and keeps the credentials."""

import platform
from pathlib import Path

from edge.errors import TableError
from edge.settings import TableSettings
from edge.uplink.credentials import Credentials, save_credentials
from edge.uplink.enrolment import enroll
from edge.uplink.errors import UplinkError
from edge.version import software_version

_MODEL = Path("/proc/device-tree/model")


def enrol_table(settings: TableSettings, server_url: str, claim_code: str) -> Credentials:
    """Enrol and save. The claim code appears in no message.

    Raises:
        TableError: it did not work; the text says what to do.
    """
    path = settings.enrolment.credentials_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = enroll(
            server_url,
            claim_code,
            ca_file=settings.uplink.ca_file,
            hardware=hardware(),
            software=software_version(),
        )
        return save_credentials(path, answer)
    except UplinkError as error:
        raise TableError(str(error)) from error
    except OSError as error:
        raise TableError(f"{path.parent}: {error.strerror}") from error


def hardware() -> str:
    """What this machine is, for people."""
    try:
        model = _MODEL.read_text(encoding="utf-8").rstrip("\0 \n")
    except OSError:
        model = platform.machine()
    return f"{model} ({platform.node()})"[:120]
