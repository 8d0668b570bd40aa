"""The numbers and lists by which the marketplace judges, all of them settable."""

from pydantic import Field

from sandbox.market import entities as market

HOUR_S = 3600
DAY_S = 86_400


class Limits(market.Limits):
    """Defaults are what marketplace-apis 3 states; where it states none, docs/sandbox-tiktok.md."""

    requests_per_second: int | None = Field(
        50, ge=1, description="For each app, shop and call; null: no limit."
    )
    timestamp_past_s: int = Field(300, ge=0)
    timestamp_future_s: int = Field(30, ge=0)
    access_token_life_s: int = Field(7 * DAY_S, ge=1)
    refresh_token_life_s: int = Field(100 * 365 * DAY_S, ge=1)
    refresh_token_single_use: bool = False
    code_life_s: int = Field(1800, ge=1)
    chat_calls_per_day: int | None = Field(
        10_000, ge=1, description="For each app, shop and chat call; null: no limit."
    )
    image_limit_bytes: int = Field(10_000_000, ge=1)
    text_limit_chars: int = Field(2000, ge=1)
    start_after_chat_s: int = Field(30 * DAY_S, ge=0)
    start_after_order_s: int = Field(60 * DAY_S, ge=0)
    silence_closes_s: int = Field(6 * HOUR_S, ge=0)
    answer_within_s: int = Field(7 * DAY_S, ge=0)
    sensitive_words: list[str] = Field(default_factory=lambda: ["whatsapp", "telegram"])
    webhook_deadline_s: float = Field(3.0, gt=0)
    webhooks_anywhere: bool = Field(
        False, description="Webhooks may go to plain http, to numbers and to ports."
    )
    push_shop_messages: bool = Field(True, description="Webhook 14 tells the shop's messages too.")
    expiry_push_before_s: int = Field(30 * DAY_S, ge=0)
