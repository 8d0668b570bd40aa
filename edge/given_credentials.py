"""Credentials that IT gave a table before its first start, through systemd's LoadCredential.

They are taken over once into the table's own file, which the table renews later; from then on that
file counts.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from edge.uplink.credentials import save_credentials
from edge.uplink.errors import CredentialsError
from wire.enrolment import EnrolmentAnswer

logger = logging.getLogger(__name__)

_FOLDER = "CREDENTIALS_DIRECTORY"
_NAME = "packwitness.table"


def take_over_given(own: Path, environment: Mapping[str, str]) -> None:
    """Make ``own`` from what systemd gives, unless the table has one or nothing is given.

    Raises:
        CredentialsError: what is given makes no sense, or the disk refused.
    """
    folder = environment.get(_FOLDER)
    if not folder or own.exists():
        return
    given = Path(folder) / _NAME
    try:
        answer = EnrolmentAnswer.model_validate_json(given.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        raise CredentialsError(f"{given}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        fields = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False)]
        text = f"{given}: {', '.join(fields)}: are no credentials of a table; give others"
        raise CredentialsError(text) from None
    save_credentials(own, answer)
    logger.info("credentials taken over", extra={"device": answer.device_id})
