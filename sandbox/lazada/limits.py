"""The numbers and lists by which the marketplace judges, all of them settable."""

from typing import Literal

from pydantic import Field

from sandbox.market import entities as market

DAY_S = 86_400


class Limits(market.Limits):
    """Defaults are what marketplace-apis 2 states; where it states two, the default it suggests."""

    timestamp_window_s: int = Field(7200, ge=1)
    code_life_s: int = Field(1800, ge=1)
    access_token_life_s: int = Field(30 * DAY_S, ge=1)
    refresh_token_life_s: int = Field(180 * DAY_S, ge=1)
    test_access_token_life_s: int = Field(7 * DAY_S, ge=1)
    test_refresh_token_life_s: int = Field(30 * DAY_S, ge=1)
    refresh_token_single_use: bool = Field(
        False, description="A refresh spends its token; neither is stated."
    )
    ban_s: int = Field(1, ge=1, description="How long a caller above the rate is refused.")
    most_offset: int = Field(5000, ge=0)
    order_window_s: int = Field(30 * DAY_S, ge=0, description="For opening a session.")
    unanswered_limit: int = Field(5, ge=1)
    unanswered_window_s: int = Field(DAY_S, ge=1)
    unanswered_err_code: str = Field("-30", description="Not documented.")
    text_limit_chars: int = Field(5000, ge=1, description="Not documented.")
    recall_window_s: int = Field(120, ge=0)
    history_s: int = Field(30 * DAY_S, ge=1)
    history_sessions: int = Field(3000, ge=1)
    list_reads_per_hour: int | None = Field(
        30,
        ge=1,
        description="How often an app may begin to read the same list of chats; more is polling,"
        " and ends its permission for lists. null: no limit.",
    )
    image_limit_bytes: int = Field(1_000_000, ge=1)
    im_apps_may_upload: bool = Field(True, description="Not documented.")
    external_images: bool = Field(False, description="Take any https address of a picture.")
    censored_words: list[str] = Field(default_factory=lambda: ["whatsapp", "telegram"])
    censored_sha256: list[str] = Field(default_factory=list)
    process_msg: str = Field("The message failed the safety check.", min_length=1)
    im_error_names: Literal["err", "error"] = Field(
        "err", description="err_code and err_message, or error_code and error_msg."
    )
    time_style: Literal["space", "t"] = Field(
        "space", description='"2026-01-31 09:30:00 +0800" or "2026-01-31T09:30:00+08:00".'
    )
    push_deadline_s: float = Field(0.5, gt=0)
    push_own_messages: bool = Field(True, description="What the shop sends comes back as a push.")
    expiry_push_before_s: int = Field(2 * DAY_S, ge=0)
    masked: bool = Field(True, description="Names, phones and addresses are masked.")
