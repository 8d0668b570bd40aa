"""Lazada, as the program offers it."""

from fastapi import APIRouter

from sandbox.connections import Connections
from sandbox.lazada import seed as seeds
from sandbox.lazada.consent import consent_routes
from sandbox.lazada.control import lazada_control
from sandbox.lazada.demo_seed import demo_seed
from sandbox.lazada.platform import LazadaPlatform
from sandbox.lazada.seed import Seed
from sandbox.lazada.world import World
from sandbox.market.marketplace import Marketplace
from sandbox.store import DocumentStore


class Lazada(Marketplace[World, LazadaPlatform, Seed]):
    """The Lazada Open Platform: calls, token calls and the authorize page at one address."""

    name = "lazada"
    title = "Lazada"
    about = "a stand-in for the Lazada Open Platform"
    default_port = 8791
    interface = ("/rest/{path:path}",)

    def demo_seed(self) -> Seed:
        """One shop in Malaysia with fourteen orders."""
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

    def platform(self, world: World, connections: Connections) -> LazadaPlatform:
        """The judge of the calls."""
        return LazadaPlatform(world, connections)

    def control_routes(self, platform: LazadaPlatform) -> APIRouter:
        """Apps, shops, orders, tokens."""
        return lazada_control(platform.world)

    def consent_routes(self, platform: LazadaPlatform) -> APIRouter:
        """The authorize link."""
        return consent_routes(platform.world)
