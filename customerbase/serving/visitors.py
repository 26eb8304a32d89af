"""Who may come in: a password or a token read from a file of its owner's, and a brake on guessing."""

import hmac
import os
import stat
from collections.abc import Callable
from pathlib import Path

from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider
from jupyter_server.auth.security import passwd
from traitlets.utils.importstring import import_item

from customerbase.errors import ConfigError

SHORTEST = 12  # characters of a password; bytes of a token are counted the same


class Visitors(PasswordIdentityProvider):
    """Jupyter's password and cookie; stricter about tokens, which a proxy sends on behalf of everybody.

    A token counts in the Authorization header only (an address is logged and remembered), and a request that brings
    one is still checked for its origin: else any web site could speak to the dashboard through a visitor's browser.
    Where a token alone opens, every request has to bring it: a cookie kept after the proxy's log-out opens nothing.
    """

    def get_token(self, handler) -> str | None:
        """The token of the Authorization header, or None."""
        match = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        return match[2] if match else None

    async def get_user_token(self, handler):
        """The visitor of a request with the right token (the cookie keeps who it is), or None."""
        if not self._brings_token(handler):
            return None
        return self.get_user_cookie(handler) or self.generate_anonymous_user(handler)

    def get_user_cookie(self, handler):
        """The visitor of the cookie, or None; beside a token it only tells one visitor from another."""
        if self.token and not self.hashed_password and not self._brings_token(handler):
            return None
        return super().get_user_cookie(handler)

    def _brings_token(self, handler) -> bool:
        given = self.get_token(handler)
        return bool(self.token and given and hmac.compare_digest(given.encode(), self.token.encode()))

    def is_token_authenticated(self, handler) -> bool:
        """False: a token does not excuse from the checks against cross-site requests."""
        return False

    def process_login_form(self, handler):
        """The visitor who typed the password, or None; nothing can be changed through this form."""
        typed = handler.get_body_argument("password", default="")
        if self.hashed_password and self.passwd_check(typed):
            return self.generate_anonymous_user(handler)
        return None


class Brake:
    """Refuses an address after `limit` wrong passwords within `seconds`; clock: seconds, any origin."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]):
        self.limit, self.seconds, self.clock = limit, seconds, clock
        self._failed: dict[str, list[float]] = {}

    def refuses(self, address: str) -> bool:
        """Whether this address has to wait."""
        return len(self._recent(address)) >= self.limit

    def failed(self, address: str) -> None:
        """Note a wrong password."""
        if len(self._failed) > 10_000:  # addresses are cheap for an attacker, memory is not for us
            self._failed.clear()
        self._failed[address] = [*self._recent(address), self.clock()]

    def _recent(self, address: str) -> list[float]:
        since = self.clock() - self.seconds
        return [when for when in self._failed.get(address, ()) if when > since]


def provider(name: str) -> type[IdentityProvider]:
    """The class behind PACKAGE.CLASS. Raises ConfigError unless it is one of jupyter-server's identity providers."""
    try:
        found = import_item(name)
    except ImportError as error:
        raise ConfigError(f"--identity-provider {name} cannot be imported: {error}.") from None
    if not (isinstance(found, type) and issubclass(found, IdentityProvider)):
        raise ConfigError(f"--identity-provider {name} is no jupyter_server.auth.IdentityProvider.")
    return found


def secret(path: Path) -> str:
    """The text of a file that only its owner can read. Raises ConfigError, without the text, when others can."""
    try:
        about = path.stat()
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__}).") from None
    if about.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(about.st_mode) & 0o077:
        mode = stat.S_IMODE(about.st_mode)
        raise ConfigError(f"{path} has mode {mode:03o}; only its owner may read it. Run `chmod 600 {path}`.")
    return text


def password_hash(path: Path) -> str:
    """The argon2 hash in a password file. Raises ConfigError when the file is open to others or holds something else."""
    text = secret(path)
    if not text.startswith("argon2:"):
        raise ConfigError(
            f"{path} holds no argon2 hash of a password. Make one: python -m customerbase serve --new-password {path}"
        )
    return text


def token(path: Path) -> str:
    """The token in a token file. Raises ConfigError when it is open to others or shorter than 12 characters."""
    text = secret(path)
    if len(text) < SHORTEST:
        raise ConfigError(f"{path} holds a token of {len(text)} characters; expected at least {SHORTEST}.")
    return text


def write_password(path: Path, password: str) -> None:
    """Write the hash of a password into a new file of mode 600. Raises ConfigError when short or the file is there."""
    if len(password) < SHORTEST:
        raise ConfigError(f"the password has {len(password)} characters; expected at least {SHORTEST}.")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; remove it first if the password is to change.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(passwd(password) + "\n")
