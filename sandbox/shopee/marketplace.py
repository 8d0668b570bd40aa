"""Shopee, as the program offers it."""

from fastapi import APIRouter

from sandbox.connections import Connections
from sandbox.market.marketplace import Marketplace
from sandbox.shopee import seed as seeds
from sandbox.shopee.consent import consent_routes
from sandbox.shopee.control import shopee_control
from sandbox.shopee.demo_seed import demo_seed
from sandbox.shopee.platform import ShopeePlatform
from sandbox.shopee.seed import Seed
from sandbox.shopee.world import World
from sandbox.store import DocumentStore


class Shopee(Marketplace[World, ShopeePlatform, Seed]):
    """The Shopee Open Platform v2."""

    name = "shopee"
    title = "Shopee"
    about = "a stand-in for the Shopee Open Platform v2"
    default_port = 8790
    interface = ("/api/{path:path}",)

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

    def platform(self, world: World, connections: Connections) -> ShopeePlatform:
        """The judge of the calls."""
        return ShopeePlatform(world, connections)

    def control_routes(self, platform: ShopeePlatform) -> APIRouter:
        """Apps, shops, orders, tokens."""
        return shopee_control(platform.world)

    def consent_routes(self, platform: ShopeePlatform) -> APIRouter:
        """Both kinds of authorize link."""
        return consent_routes(platform.world)
