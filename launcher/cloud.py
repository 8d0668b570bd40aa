"""The cloud: its program, and the commands that set it up."""

import json
import time
from collections.abc import Mapping
from typing import Any

from launcher.evidence import PRESET
from launcher.folder import Folder, write_private
from launcher.marketplace import (
    COUNTRY,
    PARTNER_ID,
    PARTNER_KEY,
    SHOP_ID,
    SHOP_NAME,
    Marketplace,
    Tokens,
)
from launcher.ports import HOST, Ports
from launcher.programs import Program, installed, run_command
from launcher.table import TABLE_NAME

OWNER = "owner@localhost"

_CHANNEL = "shopee"
_REFRESH_LIFE_S = 30 * 86_400.0
# The marketplace forgets an authorization that was not used for 30 days.
_CONNECT_AGAIN_S = 20 * 86_400.0


class Cloud:
    """The cloud with everything in one process, its broker as its child."""

    def __init__(self, folder: Folder, ports: Ports, settings: Mapping[str, str]) -> None:
        """``settings``: further environment, for example PACKWITNESS_CLOUD_SENDING__SETTLE_S."""
        self.base_url = f"http://{HOST}:{ports.web}"
        self._folder = folder
        self._sandbox_url = f"http://{HOST}:{ports.sandbox}"
        self._command = installed("packwitness-cloud")
        self._environment = {
            "PACKWITNESS_CLOUD_DATA_DIR": str(folder.cloud),
            "PACKWITNESS_CLOUD_WEB__PORT": str(ports.web),
            "PACKWITNESS_CLOUD_BROKER__PORT": str(ports.broker),
            "PACKWITNESS_CLOUD_BUYER_VIEW_URL": self._sandbox_url + "/buyer/{shop_id}/{buyer_id}",
            **settings,
        }
        self.program = Program(
            "the cloud",
            [self._command, "serve"],
            log=folder.logs / "cloud.log",
            environment=self._environment,
        )

    def start(self, deadline_s: float) -> None:
        """Start it and wait until it serves.

        Raises:
            LauncherError: it ended, or was not ready in time.
        """
        self.program.start()
        self.program.wait_said("packwitness-cloud ready on", deadline_s)

    # The commands below need the cloud stopped: one process at a time has its data.

    def create_owner(self) -> str | None:
        """Make the database and its owner; gives the password, or None if there is an owner.

        Raises:
            ProgramFailed: it could not be made.
        """
        made = self._json("init", "--owner", OWNER, "--organisation", "My business")
        password = made.get("password")
        return str(password) if password else None

    def new_password(self) -> str:
        """Give the owner a new password.

        Raises:
            ProgramFailed: there is no owner yet, or the cloud runs.
        """
        return str(self._json("owner", "reset-password", OWNER)["password"])

    def connect_shop(self, marketplace: Marketplace, sends_per_second: float | None) -> None:
        """Connect the demo's shop, or connect it anew where its address or tokens are too old."""
        noted = self._folder.remembered()
        is_fresh = time.time() - float(noted.get("connected_at", 0)) < _CONNECT_AGAIN_S
        if is_fresh and noted.get("sandbox_url") == self._sandbox_url:
            return
        file = self._folder.root / "shop.json"
        write_private(
            file,
            json.dumps(_connection(self._sandbox_url, marketplace.mint_tokens(), sends_per_second)),
        )
        try:
            self._json("shop", "connect", str(file))
        finally:
            file.unlink()
        self._folder.remember(sandbox_url=self._sandbox_url, connected_at=time.time())

    def claim(self) -> str:
        """Make the table, if there is none, and a claim code for it."""
        return str(self._json("table", "create", TABLE_NAME)["claim_code"])

    def enrol_table(self, claim_code: str) -> None:
        """Enrol the table through the endpoint that real tables use; the cloud must serve."""
        edge = installed("packwitness-edge")
        config = str(self._folder.table_settings)
        run_command(
            [edge, "--config", config, "enroll", "--server", self.base_url],
            {},
            words=f"{claim_code}\n",
        )

    def _json(self, *arguments: str) -> dict[str, Any]:
        printed = run_command([self._command, *arguments], self._environment)
        answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return answer


def _connection(base_url: str, tokens: Tokens, sends_per_second: float | None) -> dict[str, object]:
    connection: dict[str, object] = {
        "channel": _CHANNEL,
        "country": COUNTRY,
        "shop_id": str(SHOP_ID),
        "name": SHOP_NAME,
        "app_id": str(PARTNER_ID),
        "app_secret": PARTNER_KEY,
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "access_life_s": tokens.access_life_s,
        "refresh_life_s": _REFRESH_LIFE_S,
        "base_url": base_url,
        "preset": PRESET,
        "sending_enabled": True,
    }
    if sends_per_second is not None:
        connection["sends_per_second"] = sends_per_second
    return connection
