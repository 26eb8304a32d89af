"""The key of the ids people get: from the environment, else a local file that is made once and never leaves the machine.

<home>/data/identity.key   a line of text readable by its owner only; git ignores it
$CUSTOMERBASE_ID_KEY       the same text from elsewhere (a secret store); it comes before the file

With another key new people get other ids; whoever has the key can tell from a record which id it gave.
"""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from customerbase.errors import ConfigError
from customerbase.tables import store

VARIABLE = "CUSTOMERBASE_ID_KEY"
SHORTEST = 16  # bytes


def key_file() -> Path:
    """Where the key stands when the environment does not give it."""
    return store.home() / "data" / "identity.key"


def id_key(path: Path | None = None) -> bytes:
    """The key of the ids: the text of $CUSTOMERBASE_ID_KEY, else that of the file, which is made when it is not there.

    path: the file (key_file() when None). Surrounding blanks do not count. Raises ConfigError, without the key, when
    it has fewer than 16 bytes or cannot be read.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        return _long_enough(given, f"${VARIABLE}")
    path = path or key_file()
    if not path.exists():
        _make(path)
    try:
        return _long_enough(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the key of the ids in {path} cannot be read ({type(error).__name__}).") from None


def fingerprint(key: bytes) -> str:
    """Sixteen hex digits that tell one key from another without giving it away."""
    return hashlib.sha256(b"customerbase key of the ids\0" + key).hexdigest()[:16]


def _long_enough(text: str, where: str) -> bytes:
    key = text.strip().encode()
    if len(key) < SHORTEST:
        raise ConfigError(
            f"{where} holds {len(key)} bytes; expected a key of at least {SHORTEST}, for example that of"
            " `python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    return key


def _make(path: Path) -> None:
    """Write a new key under a temporary name of mode 600, then give it its own: of two processes the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as draft:
        draft.write(f"{secrets.token_hex(32)}\n".encode())
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)  # never replaces a file that is there
        except FileExistsError:
            return
    store.sync(path.parent)
