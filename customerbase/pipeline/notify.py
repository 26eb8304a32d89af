"""Telling people how a run ended: a command, a webhook or an e-mail, with headline, link and cause, nothing of a customer."""

import json
import os
import smtplib
import ssl
import subprocess
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from email.utils import localtime
from urllib.error import URLError
from urllib.parse import urlsplit

from customerbase import i18n
from customerbase.errors import ConfigError, near_miss

PUBLISHED, FAILED, STANDS = "published", "failed", "stands"
STATUSES = (PUBLISHED, FAILED, STANDS)
KINDS = ("command", "webhook", "mail")
MAIL = ("to", "from", "host", "port", "user", "password", "tls")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PATIENCE = 30  # seconds that one hook may take
ELSEWHERE = "env:"  # a value with this before it is the name of an environment variable that holds it


@dataclass(frozen=True)
class Hook:
    """One way to tell, and of which statuses."""

    kind: str
    target: object
    on: tuple[str, ...] = (PUBLISHED, FAILED)


@dataclass(frozen=True)
class Message:
    """How a run ended. headline: the report's own first sentence; cause: why it failed, in the runner's words.

    restated: what a month made anew has otherwise than the version before it, a sentence each.
    """

    pipeline: str
    title: str
    month: str
    status: str
    run_id: str
    headline: str = ""
    link: str = ""
    cause: str = ""
    language: str = "ja"
    seconds: float = field(default=0.0)
    restated: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """One line."""
        return i18n.sentence(f"notice.{self.status}", self.language, title=self.title, month=self.month)

    @property
    def text(self) -> str:
        """Subject, headline, what is otherwise than before, cause and link, a line each, as far as there are any."""
        return "\n".join(line for line in (self.subject, self.headline, *self.restated, self.cause, self.link) if line)


def read_hooks(content: Iterable, where: str) -> tuple[Hook, ...]:
    """`notify:` of a pipeline file. Raises ConfigError naming what was found and what was expected."""
    if not isinstance(content, list | tuple):
        raise ConfigError(f"{where}: run.notify is {content!r}; expected a list of hooks.")
    return tuple(_hook(one, f"{where}: run.notify[{place}]") for place, one in enumerate(content))


def _hook(one: object, where: str) -> Hook:
    if not isinstance(one, Mapping):
        raise ConfigError(f"{where} is {one!r}; expected one of {', '.join(KINDS)} with its setting.")
    for key in one:
        if key not in (*KINDS, "on"):
            raise ConfigError(f"{where} has the unknown key {key!r}.{near_miss(str(key), KINDS)}")
    kinds = [key for key in KINDS if key in one]
    if len(kinds) != 1:
        raise ConfigError(f"{where} names {len(kinds)} of {', '.join(KINDS)}; expected exactly one.")
    on = one.get("on", [PUBLISHED, FAILED])
    if not isinstance(on, list) or not on or set(on) - set(STATUSES):
        raise ConfigError(f"{where}.on is {on!r}; expected a list of {', '.join(STATUSES)}.")
    [kind] = kinds
    {"command": _check_command, "webhook": _check_webhook, "mail": _check_mail}[kind](one[kind], f"{where}.{kind}")
    return Hook(kind, one[kind], tuple(on))


def _check_command(value: object, where: str) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(part, str) for part in value):
        raise ConfigError(f"{where} is {value!r}; expected a list of words, the program first (no shell reads it).")


def _check_webhook(value: object, where: str) -> None:
    if not isinstance(value, str) or not (value.startswith(ELSEWHERE) or _allowed(value)):
        raise ConfigError(f"{where} is {value!r}; expected https://… (http:// only to this machine) or env:NAME.")


def _allowed(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _check_mail(value: object, where: str) -> None:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is {value!r}; expected to, from and host.")
    for key in value:
        if key not in MAIL:
            raise ConfigError(f"{where} has the unknown key {key!r}.{near_miss(str(key), MAIL)}")
    for key in ("to", "from", "host"):
        if not value.get(key):
            raise ConfigError(f"{where}.{key} is missing; a mail needs to, from and host.")
    if str(value.get("password", ELSEWHERE))[: len(ELSEWHERE)] != ELSEWHERE:
        raise ConfigError(
            f"{where}.password stands in the file; expected env:NAME, an environment variable that holds it."
        )
    if value.get("tls", "starttls") not in ("starttls", "ssl", "none"):
        raise ConfigError(f"{where}.tls is {value['tls']!r}; expected starttls, ssl or none.")
    if value.get("tls") == "none" and value["host"] not in LOOPBACK:
        raise ConfigError(f"{where}.tls is 'none', which is accepted for a server on this machine only.")


def tell(hooks: Iterable[Hook], message: Message) -> list[str]:
    """Tell by every hook that wants to know of this status; returns a sentence for each that failed."""
    failures = []
    for place, hook in enumerate(hooks):
        if message.status not in hook.on:
            continue
        try:
            {"command": _command, "webhook": _webhook, "mail": _mail}[hook.kind](hook.target, message)
        except (OSError, URLError, smtplib.SMTPException, subprocess.SubprocessError, ValueError) as error:
            failures.append(f"run.notify[{place}] ({hook.kind}) was not told: {_why(error)}")
    return failures


def _why(error: Exception) -> str:
    # an address may hold a token, a server's answer anything: the kind of the error is enough
    code = getattr(error, "code", None) or getattr(error, "returncode", None) or getattr(error, "smtp_code", None)
    return type(error).__name__ + (f" {code}" if code else "")


def _command(words: list[str], message: Message) -> None:
    facts = json.dumps(facts_of(message), ensure_ascii=False)
    subprocess.run(words, input=facts, text=True, check=True, timeout=PATIENCE, capture_output=True)


def facts_of(message: Message) -> dict[str, object]:
    """What a command reads from its standard input, and a webhook receives: `text` is what chat services show."""
    return {"text": message.text, **asdict(message)}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that sends elsewhere is not followed: the address was agreed."""

    def redirect_request(self, *_):
        return None


def _webhook(address: str, message: Message) -> None:
    data = json.dumps(facts_of(message), ensure_ascii=False).encode()
    address = _secret(address)
    if not _allowed(address):
        raise ValueError("the address from the environment is neither https nor on this machine")
    kind = {"Content-Type": "application/json; charset=utf-8"}
    request = urllib.request.Request(address, data, kind)  # noqa: S310 - _allowed says so
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=PATIENCE):
        pass


def _mail(settings: Mapping[str, object], message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())
    mail["From"] = str(settings["from"])
    to = settings["to"]
    mail["To"] = ", ".join(map(str, to)) if isinstance(to, list) else str(to)
    mail["Date"] = localtime()
    mail.set_content(message.text)
    tls, host = settings.get("tls", "none" if settings["host"] in LOOPBACK else "starttls"), str(settings["host"])
    port = int(settings.get("port", {"ssl": 465, "starttls": 587}.get(tls, 25)))
    if tls == "ssl":
        server = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=PATIENCE)
    with server:
        if tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.get("user"):
            server.login(str(settings["user"]), _secret(str(settings.get("password", ""))))
        server.send_message(mail)


def _secret(value: str) -> str:
    if not value.startswith(ELSEWHERE):
        return value
    name = value.removeprefix(ELSEWHERE)
    if name not in os.environ:
        raise ValueError(f"the environment variable {name} is not set")
    return os.environ[name]
