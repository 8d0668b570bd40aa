"""The marketplace's refusals: error name, wording, status (marketplace-apis 1.2, 1.4, 1.5).

The misspelt names are the platform's own.
"""

ERROR_PARAM = "error_param"
PARAM_ERROR = "param_error"
ERROR_SIGN = "error_sign"
ERROR_AUTH = "error_auth"
INVALID_ACCESS = "invalid_acceess_token"
INVALID_CODE = "invalid_code"
INVALID_SHOP_ID = "invalid_shop_id"
INVALID_MAIN_ACCOUNT_ID = "invalid_main_acount_id"
REFRESH_EXPIRED = "refresh_token_expired"
ERROR_SHOP_REFRESH = "error_shop_refresh_token"
ERROR_MERCHANT_REFRESH = "error_merchant_refresh_token"
SHOP_ACCESS_EXPIRED = "shop_access_expired"
SHOP_NO_LINKED = "shop_no_linked"
SHOP_BANNED = "shop_banned"
ERROR_PERMISSION = "error_permission"
API_SUSPENDED = "api_suspended"
ERROR_PARTNER_KEY_EXPIRED = "error_partner_key_expired"
ERROR_RATE_LIMIT = "error_rate_limit"
ERROR_LIMIT = "error_limit"
ERROR_NOT_FOUND = "error_not_found"
ERROR_SERVER = "error_server"
ORDER_LIST_INVALID_TIME = "order.order_list_invalid_time"

FIRST_CHAT_WITHOUT_ORDER_INFO = "first_chat_without_order_info"
USER_IS_FORBIDDEN = "user_is_forbidden"
REACH_MESSAGE_LIMIT = "reach_5_message_limit"
MESSAGE_TOO_LONG = "message_too_long"
MESSAGE_IS_CENSORED = "message_is_censored"
ERROR_BUSINESS = "error_business"
EXCEED_SEND_LIMIT = "exceed_send_limitaion"
ERROR_BLOCKED = "error_blocked"
ERROR_SENDER_BLOCK_RECEIVER = "error_sender_block_receiver"
ASSIGNED_TO_SUBACCOUNT = "assigned_to_subaccount"
SHOP_BOUND_SUBACCOUNT = "shop_bound_subaccount"
BLOCKED_BY_SAFETY = "block_by_internal_safety_strategies"

# Which status goes with which error is not documented; 403 for sign, token and permission is what
# clients report. Refusals by chat rules come with 200, as a decision and not a failed call.
_STATUSES = {
    ERROR_PARAM: 400,
    PARAM_ERROR: 400,
    ERROR_SIGN: 403,
    ERROR_AUTH: 403,
    INVALID_ACCESS: 403,
    INVALID_CODE: 403,
    INVALID_SHOP_ID: 403,
    INVALID_MAIN_ACCOUNT_ID: 403,
    REFRESH_EXPIRED: 403,
    ERROR_SHOP_REFRESH: 403,
    ERROR_MERCHANT_REFRESH: 403,
    SHOP_ACCESS_EXPIRED: 403,
    SHOP_NO_LINKED: 403,
    SHOP_BANNED: 403,
    ERROR_PERMISSION: 403,
    API_SUSPENDED: 403,
    ERROR_PARTNER_KEY_EXPIRED: 403,
    ERROR_RATE_LIMIT: 429,
    ERROR_SERVER: 500,
}


def http_status(error: str) -> int:
    """The status that goes with the error."""
    return _STATUSES.get(error, 200)
