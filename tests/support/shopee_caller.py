"""A bare client of the Shopee interface, with its own signing written from the rule alone."""

import hashlib
import hmac
import io
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

PARTNER_KEY = "shpk_test_0123456789abcdef0123456789abcdef"


def jpeg(shade: int = 90, side_px: int = 64) -> bytes:
    """A small real JPEG; another shade gives other bytes."""
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), (shade, 120, 200 - shade // 2)).save(out, "JPEG")
    return out.getvalue()


def sign(key: str, *parts: object) -> str:
    base = "".join(str(part) for part in parts)
    return hmac.new(key.encode(), base.encode(), hashlib.sha256).hexdigest()


@dataclass
class ShopeeCaller:
    """Signs and sends calls; what is wrong with a call is for the test to arrange."""

    base_url: str
    partner_id: int = 1000001
    partner_key: str = PARTNER_KEY
    shop_id: int = 22000001
    access_token: str = "0123456789abcdef0123456789abcdef"
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10.0))

    def common(self, path: str, *, public: bool = False) -> dict[str, Any]:
        now = int(time.time())
        signed: list[object] = [self.partner_id, path, now]
        values: dict[str, Any] = {"partner_id": self.partner_id, "timestamp": now}
        if not public:
            signed += [self.access_token, self.shop_id]
            values |= {"access_token": self.access_token, "shop_id": self.shop_id}
        return values | {"sign": sign(self.partner_key, *signed)}

    def get(self, name: str, *, public: bool = False, **parameters: Any) -> httpx.Response:
        path = f"/api/v2/{name}"
        query = self.common(path, public=public) | parameters
        return self.http.get(self.base_url + path, params=query)

    def post(self, name: str, body: Any, *, public: bool = False) -> httpx.Response:
        path = f"/api/v2/{name}"
        query = self.common(path, public=public)
        return self.http.post(self.base_url + path, params=query, json=body)

    def upload(self, picture: bytes) -> httpx.Response:
        path = "/api/v2/sellerchat/upload_image"
        files = {"file": ("photo.jpg", picture, "image/jpeg")}
        return self.http.post(self.base_url + path, params=self.common(path), files=files)

    def uploaded(self, picture: bytes) -> str:
        answer = self.upload(picture).json()
        assert answer["error"] == "", answer
        return str(answer["response"]["url"])

    def send(
        self, to_id: int, message_type: str, content: dict[str, Any], order_sn: str = ""
    ) -> httpx.Response:
        body: dict[str, Any] = {
            "to_id": to_id,
            "message_type": message_type,
            "content": content,
            "business_type": 0,
        }
        if order_sn:
            body["source_content"] = {"order_sn": order_sn}
        return self.post("sellerchat/send_message", body)

    def text(self, to_id: int, text: str, order_sn: str = "") -> httpx.Response:
        return self.send(to_id, "text", {"text": text}, order_sn)
