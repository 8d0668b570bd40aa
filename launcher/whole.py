"""All programs together: marketplace, cloud, the table's network, and one table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from launcher.cloud import Cloud
from launcher.folder import Folder
from launcher.light import Light
from launcher.marketplace import Marketplace
from launcher.ports import HOST, Ports
from launcher.programs import Program, installed
from launcher.relay import Relay
from launcher.table import CameraChoice, Settings, Table

READY_S = 60.0
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be started, and how."""

    folder: Folder
    ports: Ports
    camera: CameraChoice = field(default_factory=CameraChoice)
    sends_per_second: float | None = None
    """The pace of the shop; None: what suits the marketplace."""
    cloud_settings: Mapping[str, str] = field(default_factory=dict)
    table_settings: Settings = field(default_factory=dict)


class Whole:
    """Everything that one table needs. Start and end it from the main thread."""

    def __init__(
        self,
        plan: Plan,
        *,
        say: Callable[[str, str], None] = lambda _what, _text: None,
        on_light: Callable[[Light], None] = lambda _light: None,
    ) -> None:
        """``say`` hears of each program that is ready: its name, and a few words."""
        ports = plan.ports
        self.plan = plan
        self._say = say
        self.marketplace = Marketplace(f"http://{HOST}:{ports.sandbox}")
        self.sandbox = Program(
            "the marketplace",
            [
                *(installed("packwitness-sandbox"), "shopee"),
                *("--port", str(ports.sandbox), "--data", str(plan.folder.sandbox)),
            ],
            log=plan.folder.logs / "sandbox.log",
            environment={},
        )
        self.cloud = Cloud(plan.folder, ports, plan.cloud_settings)
        self.network = Relay(ports.broker)
        self.table = Table(
            plan.folder,
            broker_port=self.network.port,
            camera=plan.camera,
            settings=plan.table_settings,
            on_light=on_light,
        )
        self.password: str | None = None
        """The owner's, in the one run that created the owner."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """All of them, in the order in which they end."""
        return (self.table.program, self.cloud.program, self.sandbox)

    def start_marketplace(self) -> None:
        """Raises LauncherError when it does not serve."""
        self.sandbox.start()
        self.sandbox.wait_said("sandbox ready on", READY_S)
        self._say("marketplace", self.marketplace.base_url)

    def start_rest(self) -> None:
        """Set the cloud up, where that was not done yet, start it, and the table.

        Raises:
            LauncherError: something could not be set up or started.
        """
        claim_code = self._set_up()
        self.cloud.start(READY_S)
        self._say("cloud", self.cloud.base_url)
        self.network.connect()
        if claim_code is not None:
            self.cloud.enrol_table(claim_code)
        self.table.start()
        self._say("table", self.table.camera_in_use())

    def _set_up(self) -> str | None:
        """Do what is missing; gives a claim code when the table is not enrolled yet."""
        folder = self.plan.folder
        self.table.write_settings()
        if not folder.remembered().get("has_owner"):
            self.password = self.cloud.create_owner()
            folder.remember(has_owner=True)
        self.cloud.connect_shop(self.marketplace, self.plan.sends_per_second)
        return None if folder.credentials.exists() else self.cloud.claim()

    def end(self) -> list[str]:
        """End all, politely and in order; the names of those that had to be forced."""
        forced = [one.name for one in self.programs if not one.stop(_STOP_S)]
        self.network.close()
        self.marketplace.close()
        return forced


@contextmanager
def ended_at_the_end(whole: Whole) -> Iterator[Whole]:
    """End all programs, whatever happens in the block."""
    try:
        yield whole
    finally:
        whole.end()
