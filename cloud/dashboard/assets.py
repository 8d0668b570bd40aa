"""Style sheets, scripts and icons: read once, compressed once, cached by browsers for ever.

The address of a file holds the hash of its bytes, so that a new version has a new address.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""What is served; other files of the folder (licences, lists) are not."""

_FOR_EVER = "public, max-age=31536000, immutable"
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    digest: str
    media_type: str
    plain: bytes
    compressed: bytes


class Assets:
    """All files of a folder, by their name in it ("vendor/htmx.min.js")."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._assets = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in MEDIA_TYPES
        }

    def address(self, name: str) -> str:
        """Path of a file. Raises KeyError when there is none of that name."""
        return f"/static/{self._assets[name].digest}/{name}"

    def text(self, name: str) -> str:
        """What a file says. Raises KeyError when there is none of that name."""
        return self._assets[name].plain.decode()

    def routes(self) -> APIRouter:
        """The route that serves the files."""
        router = APIRouter()

        @router.get("/static/{digest}/{name:path}")
        def asset(request: Request, digest: str, name: str) -> Response:
            found = self._assets.get(name)
            if found is None or found.digest != digest:
                raise HTTPException(404)
            headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
            if "gzip" not in request.headers.get("accept-encoding", ""):
                return Response(found.plain, media_type=found.media_type, headers=headers)
            headers["Content-Encoding"] = "gzip"
            return Response(found.compressed, media_type=found.media_type, headers=headers)

        return router


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    return Asset(
        digest=hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH],
        media_type=MEDIA_TYPES[path.suffix],
        plain=data,
        compressed=gzip.compress(data, 9, mtime=0),
    )
