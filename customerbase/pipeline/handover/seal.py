"""Sealed files: AES-256-GCM in blocks, so that a file is encrypted as it is written and plain text never reaches the disk.

magic, 32 bytes of salt, then every 64 KiB of text as a block of its own with a 16-byte tag. The key of a file is
HKDF-SHA-256(key, salt); the nonce of a block is its number and whether it is the last one (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so blocks cannot be changed, swapped, repeated or cut off unseen.
"""

import os
from pathlib import Path
from typing import BinaryIO

from customerbase.errors import ConfigError, InputError

MAGIC, BLOCK, TAG, SALT = b"customerbase sealed 1\n", 1 << 16, 16, 32
SUFFIX = ".sealed"
VARIABLE = "CUSTOMERBASE_EXPORT_KEY"


def read_key(path: Path | None) -> bytes | None:
    """The key of a file, else of $CUSTOMERBASE_EXPORT_KEY, as 64 hex digits; None where neither is given.

    Raises ConfigError, without the key, for anything else.
    """
    try:
        text = path.read_text(encoding="ascii") if path else os.environ.get(VARIABLE)
        if text is None:
            return None
        key = bytes.fromhex(text.strip())
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be read ({type(error).__name__}).") from None
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigError(
            f"{path or '$' + VARIABLE} does not hold a key of 64 hex digits; `python -c 'import secrets;"
            " print(secrets.token_hex(32))'` makes one."
        )
    return key


class Sealed:
    """A binary file to write to: what goes in comes out encrypted; whole only once closed."""

    def __init__(self, out: BinaryIO, key: bytes):
        salt = os.urandom(SALT)
        self._out, self._cipher, self._number, self._waiting = out, _cipher(key, salt), 0, bytearray()
        out.write(MAGIC + salt)

    def write(self, data: bytes) -> None:
        """Take more text."""
        self._waiting += data
        while len(self._waiting) > BLOCK:
            self._block(bytes(self._waiting[:BLOCK]), last=False)
            del self._waiting[:BLOCK]

    def close(self) -> None:
        """Write the last block."""
        self._block(bytes(self._waiting), last=True)

    def _block(self, text: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number, last), text, None))
        self._number += 1


def opened(content: bytes, key: bytes, name: str) -> bytes:
    """The text of a sealed file. Raises InputError for another key, or a file that was changed or cut."""
    from cryptography.exceptions import InvalidTag

    start = len(MAGIC) + SALT
    if not content.startswith(MAGIC) or len(content) < start + TAG:
        raise InputError(f"{name} is not a sealed file of this project.")
    cipher, text = _cipher(key, content[len(MAGIC) : start]), []
    blocks = range(start, len(content), BLOCK + TAG)
    try:
        for number, place in enumerate(blocks):
            last = place + BLOCK + TAG >= len(content)
            text.append(cipher.decrypt(_nonce(number, last), content[place : place + BLOCK + TAG], None))
    except InvalidTag:
        raise InputError(f"{name} cannot be opened: another key, or the file was changed or cut.") from None
    return b"".join(text)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cipher(key: bytes, salt: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"customerbase export").derive(key))
