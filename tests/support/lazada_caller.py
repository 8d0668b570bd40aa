"""A bare client of the Lazada interface, with its own signing written from the rule alone."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from tests.support.shopee_caller import jpeg

APP_SECRET = "lzsecret_test_0123456789abcdef"
Way = Literal["form", "query", "multipart"]


def sign(secret: str, path: str, parameters: Mapping[str, object], body: str = "") -> str:
    joined = "".join(f"{name}{parameters[name]}" for name in sorted(parameters))
    message = f"{path}{joined}{body}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().upper()


@dataclass
class LazadaCaller:
    """Signs and sends calls; what is wrong with a call is for the test to arrange."""

    base_url: str
    app_key: str = "100001"
    app_secret: str = APP_SECRET
    access_token: str = "50000abcdtok"
    host: str = ""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10.0))

    def signed(self, path: str, *, token: bool = True, **parameters: Any) -> dict[str, Any]:
        """All parameters of a call, the signature included."""
        values: dict[str, Any] = {
            "app_key": self.app_key,
            "timestamp": round(time.time() * 1000),
            "sign_method": "sha256",
            **parameters,
        }
        if token:
            values["access_token"] = self.access_token
        return values | {"sign": sign(self.app_secret, path, values)}

    def get(self, path: str, *, token: bool = True, **parameters: Any) -> Any:
        return self.request("GET", path, self.signed(path, token=token, **parameters))

    def post(self, path: str, *, token: bool = True, way: Way = "form", **parameters: Any) -> Any:
        return self.request("POST", path, self.signed(path, token=token, **parameters), way)

    def request(self, method: str, path: str, values: Mapping[str, Any], way: Way = "query") -> Any:
        """The reply's JSON; `values` are sent as they are."""
        headers = {"host": self.host} if self.host else {}
        url = f"{self.base_url}/rest{path}"
        if method == "GET" or way == "query":
            return self.http.request(method, url, params=values, headers=headers).json()
        files = {"nothing": ("a.txt", b"a")} if way == "multipart" else None
        return self.http.post(url, data=values, files=files, headers=headers).json()

    def upload(self, picture: bytes | None) -> Any:
        path = "/image/upload"
        files = {"image": ("photo.jpg", picture, "image/jpeg")} if picture is not None else None
        values = self.signed(path)
        return self.http.post(f"{self.base_url}/rest{path}", data=values, files=files).json()

    def uploaded(self, shade: int = 90) -> str:
        answer = self.upload(jpeg(shade))
        assert answer["code"] == "0", answer
        return str(answer["data"]["image"]["url"])

    def send(self, session_id: str, template_id: int, **fields: Any) -> Any:
        return self.post(
            "/im/message/send", session_id=session_id, template_id=template_id, **fields
        )

    def text(self, session_id: str, text: str) -> Any:
        return self.send(session_id, 1, txt=text)

    def messages(self, session_id: str, **more: Any) -> Any:
        return self.get(
            "/im/message/list",
            session_id=session_id,
            **{"start_time": round(time.time() * 1000), "page_size": 20, **more},
        )

    def sessions(self, **more: Any) -> Any:
        now_ms = round(time.time() * 1000)
        return self.get("/im/session/list", **{"start_time": now_ms, "page_size": 20, **more})
