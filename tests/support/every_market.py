"""Every marketplace there is a stand-in for; contract tests run over all of them."""

from tests.support.corner_market.sandbox import CornerSandbox
from tests.support.lazada_sandbox import LazadaSandbox
from tests.support.market_sandbox import MarketSandbox
from tests.support.shopee_sandbox import ShopeeSandbox
from tests.support.tiktok_sandbox import TikTokSandbox

SANDBOXES: list[type[MarketSandbox]] = [ShopeeSandbox, LazadaSandbox, TikTokSandbox, CornerSandbox]
