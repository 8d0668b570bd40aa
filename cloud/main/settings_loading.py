"""Reads the settings: environment (PACKWITNESS_CLOUD_...) before TOML file before default."""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from cloud.main.errors import BadSettings
from cloud.main.settings import ENVIRONMENT_DELIMITER, ENVIRONMENT_PREFIX, CloudSettings

DEFAULT_FILE = Path("/etc/packwitness/cloud.toml")
FILE_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"


def load(file: Path | None) -> CloudSettings:
    """Read the settings. ``file`` None: the default file, if there is one.

    Raises:
        BadSettings: one line for each mistake, with its field; never a value.
    """
    path = file or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if path is not None:
        _require_toml(path)
    _refuse_unknown(os.environ)

    class FromFile(CloudSettings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile()
    except SourceError as error:
        raise BadSettings(f"setting: {error}") from None
    except ValidationError as error:
        raise BadSettings("\n".join(_explain(error))) from None


def _require_toml(path: Path) -> None:
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None


def _refuse_unknown(names: Iterable[str]) -> None:
    """A misspelt variable would be passed over in silence."""
    known = {f"{ENVIRONMENT_PREFIX}{field}".upper() for field in CloudSettings.model_fields}
    for name in sorted(names):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == FILE_VARIABLE:
            continue
        if name.split(ENVIRONMENT_DELIMITER, 1)[0] not in known:
            raise BadSettings(f"environment: {name} is no setting")


def _explain(error: ValidationError) -> Iterable[str]:
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        field = ".".join(str(part) for part in one["loc"])
        yield f"setting {field}: {one['msg']}"
