"""What the fields of all marketplaces' replies have in common: ids as text, times with their zone.

Marketplaces give seconds in one place and milliseconds or nanoseconds in another; a value out of
its range is refused here instead of becoming a date in the year 55000.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cloud.marketplaces.exchange import Call, unreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_S = 946_684_800  # 2000-01-01
_LATEST_S = 7_258_118_400  # 2200-01-01: some tokens are said to live for a century

LONGEST_LIFE_S = 200 * 365 * 24 * 3600
"""Of a token; what is said to live longer is not believed."""


def _id(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an id is text or an integer")  # noqa: TRY004 - pydantic wants ValueError
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        raise ValueError("an id has no such characters")
    return text


def _optional_id(value: object) -> object:
    return "" if value is None or value in (0, "0") else _id(value)


def _text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value.replace("\x00", "")  # which no database keeps
    return "" if value is None else value


def _whole(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an integer was expected")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _from_seconds(value: object) -> datetime:
    seconds = _whole(value)
    if not _EARLIEST_S <= seconds < _LATEST_S:
        raise ValueError("not a time in seconds since 1970")
    return _EPOCH + timedelta(seconds=seconds)


def _from_milliseconds(value: object) -> datetime:
    seconds, rest = divmod(_whole(value), 1000)
    if not _EARLIEST_S <= seconds < _LATEST_S:
        raise ValueError("not a time in milliseconds since 1970")
    return _EPOCH + timedelta(seconds=seconds, milliseconds=rest)


def _from_nanoseconds(value: object) -> datetime | None:
    nanoseconds = 0 if value is None else _whole(value)
    if nanoseconds == 0:
        return None
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return _from_seconds(seconds) + timedelta(microseconds=rest // 1000)


def _list(value: object) -> object:
    return [] if value is None else value


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


LONGEST_ID = 80
"""What the database keeps. A longer one is no id that anybody has seen."""
Id = Annotated[str, BeforeValidator(_id), Field(min_length=1, max_length=LONGEST_ID)]
OptionalId = Annotated[str, BeforeValidator(_optional_id), Field(max_length=LONGEST_ID)]
"""Empty where it is missing or 0, which some marketplaces give for "none"."""
Text = Annotated[str, BeforeValidator(_text)]
Whole = Annotated[int, BeforeValidator(_whole)]
"""An integer, also where it comes as text."""
Unread = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
"""How much is unread; an integer, also where it comes as text."""
Seconds = Annotated[datetime, BeforeValidator(_from_seconds)]
Milliseconds = Annotated[datetime, BeforeValidator(_from_milliseconds)]
Nanoseconds = Annotated[datetime | None, BeforeValidator(_from_nanoseconds)]
"""None for 0 or nothing."""
NULL_IS_EMPTY = BeforeValidator(_list)
"""For a list that may come as null."""
Ids = Annotated[list[OptionalId], NULL_IS_EMPTY]
LooseObject = Annotated[dict[str, Any], BeforeValidator(_object)]
"""An object, or an empty one for anything else: of what we do not know the shape."""


class ReplyModel(BaseModel):
    """The base of all replies: strict about types, and silent about what it does not know."""

    # Inputs stay out of errors: they hold tokens and personal data.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


Model = TypeVar("Model", bound=ReplyModel)


def read(model: type[Model], value: object, *, call: Call = Call.SAFE) -> Model:
    """`value` as `model`. Raises what an unreadable reply means for `call`, naming the field."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "response"
        raise unreadable(call, f"{where}: {first['msg']}") from None
