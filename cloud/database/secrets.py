"""Encryption of secrets at rest, under keys that live in a file outside the database.

AES-256-GCM. A sealed value is: format byte, 4 bytes of key id, 12 bytes of nonce, ciphertext
with tag. It is bound to its row by associated data: moved to another row it does not open.
"""

import base64
import binascii
import os
import secrets
import stat
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.database.durable import flush
from cloud.database.errors import KeyFileUnusable, SecretDamaged, UnknownKey

_FORMAT = b"\x01"
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_KEY_BYTES = 32
_HEAD_BYTES = len(_FORMAT) + _KEY_ID_BYTES
_TAG_BYTES = 16


class SecretBox:
    """Seals and opens secrets. The last key of the file seals; every key in it opens.

    The file has one key a line: key id in hex, a space, 32 bytes in base64. A missing file is
    made, for its owner alone (0600), unless `create` is False.

    Raises KeyFileUnusable when the file is missing, malformed or open to everybody.
    """

    def __init__(self, key_file: Path, *, create: bool = True) -> None:
        self._file = key_file
        if create and not key_file.exists():
            _write_new(key_file, [_new_line()], replace=False)
        self._keys = _read(key_file)
        self._sealing_id = list(self._keys)[-1]

    def __repr__(self) -> str:
        return f"SecretBox({len(self._keys)} keys)"

    def seal(self, plaintext: bytes, bound_to: str) -> bytes:
        """Return `plaintext` sealed for the row that `bound_to` names ("shops.access_token:17")."""
        head = _FORMAT + self._sealing_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._sealing_id].encrypt(nonce, plaintext, _bound(head, bound_to))
        return head + nonce + sealed

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Return the plaintext.

        Raises UnknownKey when its key is not in the file, SecretDamaged when it was altered or
        was sealed for another row.
        """
        if len(sealed) < _HEAD_BYTES + _NONCE_BYTES + _TAG_BYTES or not sealed.startswith(_FORMAT):
            raise SecretDamaged("this is not a sealed value")
        head, nonce = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        cipher = self._keys.get(head[len(_FORMAT) :])
        if cipher is None:
            # Another process may have added a key since this one read the file.
            self._reread()
            cipher = self._keys.get(head[len(_FORMAT) :])
        if cipher is None:
            raise UnknownKey(
                f"sealed under key {head[len(_FORMAT) :].hex()}, which is not in {self._file}: "
                "put the key file back that belongs to this database"
            )
        try:
            return cipher.decrypt(
                nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], _bound(head, bound_to)
            )
        except InvalidTag:
            raise SecretDamaged(
                f"the value does not open for {bound_to}: altered, or of another row"
            ) from None

    def needs_resealing(self, sealed: bytes) -> bool:
        """Say whether a value was sealed under an older key than the newest."""
        return sealed[len(_FORMAT) : _HEAD_BYTES] != self._sealing_id

    def add_key(self) -> None:
        """Add a key that seals from now on. Older values still open, and may be sealed again."""
        lines = self._file.read_text(encoding="ascii").split("\n")
        _write_new(self._file, [line for line in lines if line] + [_new_line()], replace=True)
        self._reread()

    def _reread(self) -> None:
        keys = _read(self._file)
        self._keys, self._sealing_id = keys, list(keys)[-1]


def _bound(head: bytes, bound_to: str) -> bytes:
    return head + bound_to.encode()


def _new_line() -> str:
    key = base64.b64encode(AESGCM.generate_key(bit_length=8 * _KEY_BYTES)).decode("ascii")
    return f"{secrets.token_hex(_KEY_ID_BYTES)} {key}"


def _read(key_file: Path) -> dict[bytes, AESGCM]:
    try:
        mode = key_file.stat().st_mode
        lines = key_file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileUnusable(
            f"the key file {key_file} cannot be read ({type(error).__name__}): put it back from "
            "its backup; without it stored tokens cannot be opened"
        ) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise KeyFileUnusable(f"the key file {key_file} is open to everybody: chmod 600 it")
    keys = dict(
        _parsed(line, number, key_file) for number, line in enumerate(lines, start=1) if line
    )
    if not keys:
        raise KeyFileUnusable(f"the key file {key_file} holds no key")
    return keys


def _parsed(line: str, number: int, key_file: Path) -> tuple[bytes, AESGCM]:
    try:
        key_id, _, key = line.partition(" ")
        found = bytes.fromhex(key_id), base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        found = b"", b""
    if (len(found[0]), len(found[1])) != (_KEY_ID_BYTES, _KEY_BYTES):
        # Without a cause: it would quote the line.
        raise KeyFileUnusable(f"line {number} of the key file {key_file} is not a key") from None
    return found[0], AESGCM(found[1])


def _write_new(key_file: Path, lines: list[str], *, replace: bool) -> None:
    """Write the whole file beside its place, durably, then put it there in one step."""
    try:
        handle, name = tempfile.mkstemp(dir=key_file.parent, prefix=key_file.name)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write("\n".join(lines) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _place(temporary, key_file, replace=replace)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise KeyFileUnusable(
            f"the key file {key_file} cannot be written: {error.strerror}"
        ) from error


def _place(temporary: Path, key_file: Path, *, replace: bool) -> None:
    if replace:
        temporary.replace(key_file)
    else:
        try:
            os.link(temporary, key_file)
        except FileExistsError:
            return  # Another process was first: its key is the key.
    flush(key_file.parent)
