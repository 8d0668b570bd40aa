"""The marketplaces that the sandbox can be, by the name that is typed."""

from sandbox.lazada.marketplace import Lazada
from sandbox.market.marketplace import AnyMarketplace
from sandbox.shopee.marketplace import Shopee
from sandbox.tiktok.marketplace import TikTokShop

PLATFORMS: dict[str, AnyMarketplace] = {
    platform.name: platform for platform in (Shopee(), Lazada(), TikTokShop())
}
