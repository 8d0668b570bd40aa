"""What a platform's folder offers to the program: its name, its world, its routes."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from fastapi import APIRouter

from sandbox.connections import Connections
from sandbox.market.platform import AnyPlatform
from sandbox.market.world import AnyWorld
from sandbox.store import DocumentStore

WorldT = TypeVar("WorldT", bound=AnyWorld)
PlatformT = TypeVar("PlatformT", bound=AnyPlatform)
SeedT = TypeVar("SeedT")


class Marketplace(ABC, Generic[WorldT, PlatformT, SeedT]):
    """One stand-in marketplace.

    `name` is what is typed at the command line, `title` what pages show, `interface` the paths
    below which its calls are answered (as FastAPI writes them; asked last, so that a platform whose
    calls start at the root may name them all).
    """

    name: str
    title: str
    about: str
    default_port: int
    interface: tuple[str, ...]

    @abstractmethod
    def demo_seed(self) -> SeedT:
        """What the marketplace holds when it is given nothing: the demo's and the tests'."""

    @abstractmethod
    def parse_seed(self, data: object) -> SeedT:
        """The seed in parsed JSON. Raises SeedInvalid naming the first wrong field."""

    @abstractmethod
    def open(self, store: DocumentStore) -> WorldT:
        """The world that the store holds."""

    @abstractmethod
    def plant(self, world: WorldT, seed: SeedT) -> None:
        """Replace everything in the world by the seed, durably."""

    @abstractmethod
    def platform(self, world: WorldT, connections: Connections) -> PlatformT:
        """The judge of the calls."""

    @abstractmethod
    def control_routes(self, platform: PlatformT) -> APIRouter:
        """The platform's own part of the control API: its apps, shops, orders, tokens."""

    @abstractmethod
    def consent_routes(self, platform: PlatformT) -> APIRouter:
        """The links that an app sends a seller to."""


AnyMarketplace = Marketplace[Any, Any, Any]
