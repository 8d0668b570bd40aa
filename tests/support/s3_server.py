"""A real S3 server for tests (SeaweedFS): loopback, keys of its own, buckets made by name."""

import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import uuid
from pathlib import Path

import httpx

from cloud.photos.settings import S3Settings
from tests.support.mosquitto import free_port
from tests.support.waiting import eventually

PROGRAM = Path(sys.executable).with_name("weed")
REGION = "us-east-1"
START_LIMIT_S = 60.0


class S3Server:
    """A server process with two users: `keys` may do everything, `reader_keys` only read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = (f"AK{secrets.token_hex(6)}", secrets.token_hex(16))
        self.reader_keys = (f"AK{secrets.token_hex(6)}", secrets.token_hex(16))
        self.port = free_port()
        self._other_ports = [free_port() for _ in range(7)]
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)
        (folder / "users.json").write_text(json.dumps(self._users()))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; does nothing if it runs."""
        if self._process is not None:
            return
        # It must not outlive a test process that is killed.
        command = ["setpriv", "--pdeathsig", "TERM", str(PROGRAM), "-logtostderr=true", "server"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._options()],
                stdout=log,
                stderr=log,
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
            )
        eventually(self._answers, START_LIMIT_S)

    def stop(self) -> None:
        """Kill it; what it acknowledged is on its disk. Does nothing if it does not run."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(30)
        self._process = None

    def make_bucket(self, name: str = "") -> str:
        """Make an empty bucket and return its name."""
        name = name or f"photos-{uuid.uuid4().hex[:12]}"
        answer = self._signed_put(f"/{name}")
        assert answer.status_code == 200, answer.text
        return name

    def settings(self, bucket: str, endpoint: str = "", *, deadline_s: float = 20) -> S3Settings:
        """What a store needs to use a bucket, perhaps through something at another address."""
        return S3Settings(
            bucket=bucket,
            endpoint=endpoint or self.endpoint,
            access_key_id=self.keys[0],
            secret_access_key=self.keys[1],
            deadline_s=deadline_s,
        )

    def environment(self, bucket: str) -> dict[str, str]:
        """The same as settings of the cloud."""
        return {
            "PACKWITNESS_CLOUD_S3__BUCKET": bucket,
            "PACKWITNESS_CLOUD_S3__ENDPOINT": self.endpoint,
            "PACKWITNESS_CLOUD_S3__ACCESS_KEY_ID": self.keys[0],
            "PACKWITNESS_CLOUD_S3__SECRET_ACCESS_KEY": self.keys[1],
            "PACKWITNESS_CLOUD_S3__DEADLINE_S": "4",
        }

    def put_raw(self, bucket: str, key: str, data: bytes) -> None:
        """Write an object behind the store's back."""
        answer = self._signed_put(f"/{bucket}/{key}", data)
        assert answer.status_code == 200, answer.text

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            self._signed_put("/readiness")
            # An object is stored only when all its parts have found each other.
            return self._signed_put("/readiness/object", b"ready").status_code == 200
        except httpx.TransportError:
            return False

    def _users(self) -> dict[str, object]:
        def user(name: str, keys: tuple[str, str], actions: list[str]) -> dict[str, object]:
            credentials = [{"accessKey": keys[0], "secretKey": keys[1]}]
            return {"name": name, "credentials": credentials, "actions": actions}

        everything = ["Admin", "Read", "Write", "List", "Tagging"]
        return {
            "identities": [
                user("packwitness", self.keys, everything),
                user("reader", self.reader_keys, ["Read", "List"]),
            ]
        }

    def _options(self) -> list[str]:
        names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
        names += ["filer.port", "filer.port.grpc", "s3.port.grpc"]
        ports = dict(zip(names, self._other_ports, strict=True))
        settings: dict[str, object] = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            # Alone it still elects a leader: after a kill it would wait 15 s for an answer.
            "master.electionTimeout": "500ms",
            "master.heartbeatInterval": "100ms",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 5000,  # each bucket has at least one
            "filer": "true",
            "filer.localSocket": self.folder / "filer.sock",
            "s3": "true",
            "s3.port": self.port,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": self.folder / "s3.sock",
            "s3.config": self.folder / "users.json",
            "s3.autoCreateBucket": "false",
            **ports,
        }
        return [f"-{name}={value}" for name, value in settings.items()]

    def _signed_put(self, path: str, data: bytes = b"") -> httpx.Response:
        """A PUT signed by hand (AWS signature 4), independent of the library under test."""
        now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(data).hexdigest()
        headers = {
            "host": f"127.0.0.1:{self.port}",
            "x-amz-content-sha256": digest,
            "x-amz-date": now,
        }
        names = ";".join(headers)
        listed = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"PUT\n{path}\n\n{listed}\n{names}\n{digest}"
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        signed = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{self.keys[1]}".encode()
        for word in [*scope.split("/"), f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{signed}"]:
            key = hmac.digest(key, word.encode(), "sha256")
        credential = f"AWS4-HMAC-SHA256 Credential={self.keys[0]}/{scope}"
        headers["authorization"] = f"{credential}, SignedHeaders={names}, Signature={key.hex()}"
        return httpx.put(f"{self.endpoint}{path}", content=data, headers=headers, timeout=2)
