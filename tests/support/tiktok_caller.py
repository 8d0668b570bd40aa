"""A bare client of TikTok Shop's interface, with its own signing written from the rule alone."""

import hashlib
import hmac
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

from sandbox.tiktok import demo_seed

Query = Mapping[str, str | list[str]]
CHATS = "/customer_service/202309/conversations"


def sign(secret: str, path: str, query: Query, body: bytes = b"") -> str:
    pairs = "".join(
        name + one
        for name in sorted(query)
        if name not in {"sign", "access_token"}
        for value in [query[name]]
        for one in ([value] if isinstance(value, str) else value)
    )
    message = secret.encode() + path.encode() + pairs.encode() + body + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def jpeg(shade: int = 90, side_px: int = 64, form: str = "JPEG") -> bytes:
    """A small real picture; another shade gives other bytes."""
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px // 2), (shade, 120, 200 - shade // 2)).save(out, form)
    return out.getvalue()


@dataclass
class TikTokCaller:
    """Signs and sends calls; what is wrong with a call is for the test to arrange."""

    base_url: str
    app_key: str = demo_seed.APP_KEY
    app_secret: str = demo_seed.APP_SECRET
    access_token: str = demo_seed.ACCESS_TOKEN
    cipher: str = demo_seed.CIPHER
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10.0))

    def common(self) -> dict[str, str | list[str]]:
        values = {"app_key": self.app_key, "timestamp": str(int(time.time()))}
        return {**values, **({"shop_cipher": self.cipher} if self.cipher else {})}

    def signed(self, path: str, query: Query, body: bytes = b"") -> dict[str, str | list[str]]:
        whole = {**self.common(), **query}
        return {**whole, "sign": sign(self.app_secret, path, whole, body)}

    def get(self, path: str, **query: str | list[str]) -> httpx.Response:
        return self.request("GET", path, self.signed(path, query))

    def post(self, path: str, body: Any = None, **query: str) -> httpx.Response:
        return self.call("POST", path, body, **query)

    def call(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.request(method, path, self.signed(path, query, raw), raw)

    def request(
        self, method: str, path: str, query: Query, body: bytes = b"", **headers: str
    ) -> httpx.Response:
        whole = {"x-tts-access-token": self.access_token, "content-type": "application/json"}
        return self.http.request(
            method,
            self.base_url + path,
            params=dict(query),
            content=body,
            headers={**whole, **headers},
        )

    def upload(self, picture: bytes) -> httpx.Response:
        path = "/customer_service/202309/images/upload"
        return self.http.post(
            self.base_url + path,
            params=self.signed(path, {}),
            files={"data": ("photo.jpg", picture, "image/jpeg")},
            headers={"x-tts-access-token": self.access_token},
        )

    def uploaded(self, picture: bytes) -> dict[str, Any]:
        return data_of(self.upload(picture))

    def open(self, buyer_id: str) -> str:
        return str(data_of(self.post(CHATS, {"buyer_user_id": buyer_id}))["conversation_id"])

    def send(self, conversation_id: str, kind: str, content: Any) -> httpx.Response:
        body = {"type": kind, "content": json.dumps(content)}
        return self.post(f"{CHATS}/{conversation_id}/messages", body)

    def text(self, conversation_id: str, text: str) -> httpx.Response:
        return self.send(conversation_id, "TEXT", {"content": text})

    def token(self, what: str, **query: str) -> httpx.Response:
        credentials = {"app_key": self.app_key, "app_secret": self.app_secret}
        return self.http.get(
            f"{self.base_url}/api/v2/token/{what}", params={**credentials, **query}
        )


def data_of(answer: httpx.Response) -> dict[str, Any]:
    """What a successful answer holds."""
    envelope = answer.json()
    assert envelope["code"] == 0, envelope
    found: dict[str, Any] = envelope["data"]
    return found


def code_of(answer: httpx.Response) -> int:
    """The code of a refusal."""
    code = answer.json()["code"]
    assert isinstance(code, int)
    assert code != 0, answer.json()
    return code
