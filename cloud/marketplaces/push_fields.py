"""What the fields of all marketplaces' pushes have in common. Pure.

A push is written by somebody on the internet until its signature was checked, and its ids become
keys of rows: they are short, and hold nothing that a database or a log cannot.
"""

import hashlib
import json
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ValidationError

from cloud.marketplaces.errors import FailureClass, MalformedPush
from cloud.marketplaces.exchange import json_object
from cloud.marketplaces.reply_fields import OptionalId, ReplyModel, Text

LONGEST_ID = 80
LONGEST_ORDER_NUMBER = 40
LONGEST_TRACKING_NUMBER = 200


def _short_and_plain(most_chars: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > most_chars:
            raise ValueError(f"longer than {most_chars} characters")
        if not value.isprintable():
            raise ValueError("has characters that no id has")
        return value

    return AfterValidator(check)


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("is empty")
    return value


def _object(value: object) -> object:
    """Some pushes have their data as text that holds JSON; other than an object says nothing."""
    if isinstance(value, str):
        value = json_object(value.encode(errors="replace"))
    return value if isinstance(value, dict) else {}


PushId = Annotated[OptionalId, _short_and_plain(LONGEST_ID)]
"""Empty where it is missing or 0."""
NeededId = Annotated[PushId, AfterValidator(_not_empty)]
OrderNumber = Annotated[
    OptionalId, _short_and_plain(LONGEST_ORDER_NUMBER), AfterValidator(_not_empty)
]
TrackingNumber = Annotated[Text, _short_and_plain(LONGEST_TRACKING_NUMBER)]
"""Empty where it is missing."""
Kind = Annotated[Text, _short_and_plain(LONGEST_ID)]
PushData = Annotated[dict[str, Any], BeforeValidator(_object)]

Model = TypeVar("Model", bound=ReplyModel)


def push_object(raw_body: bytes) -> dict[str, Any]:
    """The JSON object of a push's body. Raises MalformedPush."""
    found = json_object(raw_body)
    if found is None:
        raise malformed("the body is no JSON object")
    return found


def read_fields(model: type[Model], value: object) -> Model:
    """`value` as `model`. Raises MalformedPush, naming the field and never its value."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the body"
        raise malformed(f"{where[:LONGEST_ID]}: {first['msg']}") from None


def malformed(detail: str) -> MalformedPush:
    """The error for a push that cannot be understood."""
    return MalformedPush(FailureClass.OTHER, "malformed_push", detail)


def key_of(*parts: object) -> str:
    """A key of fixed length, the same for the same JSON values in whatever order of keys.

    Raises MalformedPush.
    """
    try:
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise malformed("objects in objects without end") from None
    return hashlib.sha256(text.encode()).hexdigest()
