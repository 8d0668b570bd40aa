"""Reading a seed: what a marketplace holds at its first start."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import SeedInvalid

HOUR_S = 3600
T = TypeVar("T")
SeedT = TypeVar("SeedT", bound=BaseModel)


class SeedPart(BaseModel):
    """A part of a seed: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")


class SeedMessage(SeedPart):
    """A message of an existing chat, text only."""

    by: Literal["shop", "buyer"]
    text: str = Field(min_length=1)
    age_hours: float = Field(1.0, ge=0)


def read(path: Path, parse_seed: Callable[[object], T]) -> T:
    """The seed in this JSON file. Raises SeedInvalid naming the file and the field."""
    try:
        return parse_seed(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SeedInvalid(f"cannot read the seed {path}: {error.strerror}") from error
    except ValueError as error:
        raise SeedInvalid(f"{path} is not JSON: {error}") from error
    except SeedInvalid as error:
        raise SeedInvalid(f"{path}: {error}") from error


def parse(model: type[SeedT], data: object) -> SeedT:
    """The seed in parsed JSON. Raises SeedInvalid naming the first wrong field, not its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        text = f"{field}: {first['msg']}" if field else first["msg"]
        raise SeedInvalid(text.replace("Value error, ", "")) from error


def names_known(rows_name: str, rows: Sequence[object], **known: Collection[object]) -> None:
    """Raises ValueError, for a validator of a seed, when a row names what the seed does not have.

    ``known``: for a field of the rows, what there is.
    """
    for index, row in enumerate(rows):
        for field, names in known.items():
            value = getattr(row, field)
            if value not in names:
                what = field.partition("_")[0]
                raise ValueError(f"{rows_name}.{index}.{field}: there is no {what} {value}")


def names_given_twice(name: str, values: list[str]) -> None:
    """Raises ValueError, for a validator of a seed, when a name is not single."""
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{name}: {', '.join(twice)} is given twice")
