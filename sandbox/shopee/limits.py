"""The numbers and lists by which the marketplace judges, all of them settable."""

from typing import Literal

from pydantic import Field

from sandbox.market import entities as market
from sandbox.shopee.entities import Region

DAY_S = 86_400
RepeatType = Literal["text", "image", "order", "item", "sticker"]


def _daily_sends() -> dict[Region, int]:
    return {"BR": 6000}


def _repeat_types() -> list[RepeatType]:
    return ["text", "image"]


class Limits(market.Limits):
    """Defaults are what marketplace-apis 1 states; the stricter one where it states two."""

    timestamp_window_s: int = Field(300, ge=1)
    access_token_life_s: int = Field(14_400, ge=1)
    previous_access_token_s: int = Field(300, ge=0)
    refresh_token_life_s: int = Field(30 * DAY_S, ge=1)
    code_life_s: int = Field(600, ge=1)
    authorization_life_s: int = Field(365 * DAY_S, ge=1)
    sends_per_minute: int | None = Field(None, ge=1, description="Per shop; null: no limit.")
    daily_sends: dict[Region, int] = Field(default_factory=_daily_sends)
    image_limit_bytes: int = Field(2_000_000, ge=1)
    text_limit_chars: int = Field(600, ge=1)
    unanswered_limit: int = Field(5, ge=1)
    chat_window_s: int = Field(7 * DAY_S, ge=0)
    order_window_s: int = Field(30 * DAY_S, ge=0)
    repeat_window_s: int = Field(DAY_S, ge=0)
    repeat_types: list[RepeatType] = Field(default_factory=_repeat_types)
    censored_words: list[str] = Field(default_factory=lambda: ["whatsapp", "telegram"])
    censored_sha256: list[str] = Field(default_factory=list)
    emptied_page_size: int | None = Field(
        60, description="From this page size on, the conversation list comes back empty."
    )
    push_deadline_s: float = Field(3.0, gt=0)
    webchat_push_deadline_s: float = Field(2.0, gt=0)
    push_signed_with: Literal["push_key", "partner_key"] = "push_key"
    push_ids_as_strings: bool = Field(
        False, description="Pushes carry code and shop_id as strings, as some were seen to."
    )
    push_shop_messages: bool = Field(
        False, description="Messages of the shop are pushed too, as for whitelisted apps."
    )
    expiry_push_before_s: int = Field(7 * DAY_S, ge=0)
    bare_picture_ids: bool = Field(
        False, description="Reads give a picture's bare id instead of its address."
    )
