"""The bytes of the photo that is being sliced: read once, verified by the spool."""

from edge.uplink.queue_view import Queue


class PhotoReader:
    """Keeps one photo in memory."""

    def __init__(self, spool: Queue) -> None:
        self._spool = spool
        self._sha256 = ""
        self._jpeg = b""

    def read(self, sha256: str) -> bytes:
        """The whole photo. Raises what ``Queue.read_photo`` raises."""
        if sha256 != self._sha256:
            self.forget()
            self._jpeg = self._spool.read_photo(sha256)
            self._sha256 = sha256
        return self._jpeg

    def forget(self) -> None:
        """Give the memory back; the next read is from the disk."""
        self._sha256, self._jpeg = "", b""
