"""TikTok Shop, as the program offers it."""

from fastapi import APIRouter

from sandbox.connections import Connections
from sandbox.market.marketplace import Marketplace
from sandbox.store import DocumentStore
from sandbox.tiktok import seed as seeds
from sandbox.tiktok.consent import consent_routes
from sandbox.tiktok.control import tiktok_control
from sandbox.tiktok.demo_seed import demo_seed
from sandbox.tiktok.platform import TikTokPlatform
from sandbox.tiktok.seed import Seed
from sandbox.tiktok.world import World


class TikTokShop(Marketplace[World, TikTokPlatform, Seed]):
    """The TikTok Shop Partner API."""

    name = "tiktok"
    title = "TikTok Shop"
    about = "a stand-in for the TikTok Shop Partner API"
    default_port = 8792
    interface = ("/{path:path}",)

    def demo_seed(self) -> Seed:
        """One shop in Malaysia with thirteen orders."""
        return demo_seed()

    def parse_seed(self, data: object) -> Seed:
        """The seed in parsed JSON."""
        return seeds.parse_seed(data)

    def open(self, store: DocumentStore) -> World:
        """The world that the store holds."""
        return World(store)

    def plant(self, world: World, seed: Seed) -> None:
        """Replace everything by the seed."""
        seeds.plant(world, seed)

    def platform(self, world: World, connections: Connections) -> TikTokPlatform:
        """The judge of the calls."""
        return TikTokPlatform(world, connections)

    def control_routes(self, platform: TikTokPlatform) -> APIRouter:
        """Apps, sellers, shops, orders, tokens."""
        return tiktok_control(platform.world)

    def consent_routes(self, platform: TikTokPlatform) -> APIRouter:
        """The authorize page."""
        return consent_routes(platform.world)
