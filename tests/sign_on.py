"""The parts of a single sign-on in a test: provider, nginx, Apache, two audiences, and guests who come in over TLS."""

import contextlib
import http.client
import itertools
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import proxies
import serving_base as base
from oidc_provider import Provider

TOKEN = "0123456789abcdef-of-the-proxy"
FILE = "/voila/static/page.js"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ADDRESSES = itertools.count(10)  # of visitors: limits are counted by address


@dataclass
class Guest(base.Visitor):
    """A visitor over TLS with an address of his own, who can sign in at the provider."""

    headers: dict[str, str] = field(default_factory=lambda: {"Accept": "text/html"})
    host: str = "127.0.0.1"
    provider: Provider | None = None
    scheme: str = "wss"
    address: str = field(default_factory=lambda: f"127.0.0.{next(ADDRESSES)}")

    def connect(self) -> http.client.HTTPSConnection:
        trust = ssl._create_unverified_context()
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=120, source_address=(self.address, 0), context=trust
        )

    @property
    def site(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def location(self) -> str:
        return self.response.getheader("Location") or ""

    @property
    def sent_to_provider(self) -> bool:
        return self.status == 302 and self.location.startswith(f"{self.provider.issuer}/authorization?")

    def come_back(self, user: str, path: str = FILE) -> str:
        """Ask for something, sign in at the provider; the address that the provider sends the browser back to."""
        self.ask(path)
        assert self.sent_to_provider, (self.status, self.location)
        there = Guest(self.provider.server.server_port)
        there.ask(self.location.removeprefix(self.provider.issuer), "POST", f"user={user}", **FORM)
        assert there.location.startswith(f"{self.site}/sso?"), there.status
        return there.location.removeprefix(self.site)

    def sign_in(self, user: str, path: str = FILE) -> str:
        """Sign in and look at what was asked for; its text. A file is enough to be in, a page takes a kernel."""
        self.ask(self.come_back(user, path))
        assert self.status == 302 and self.location == f"{self.site}{path}", self.status
        return self.ask(path)


class Recorder(BaseHTTPRequestHandler):
    """In place of the analysts' server: what reaches it."""

    heard: list[tuple[str, dict[str, str]]]

    def do_GET(self):
        self.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing is logged."""


@dataclass
class Front:
    """What stands in front: both sites, the provider, what the analysts' server heard, and the folder of the logs."""

    ports: tuple[int, int]
    provider: Provider
    heard: list
    folder: Path
    server: base.Server
    stranger: int  # port of an Apache whose provider shows a certificate of another name

    def managers(self) -> Guest:
        return Guest(self.ports[0], host="127.0.0.1", provider=self.provider)

    def analysts(self) -> Guest:
        return Guest(self.ports[0], host="127.0.0.2", provider=self.provider)


@contextlib.contextmanager
def opened(server: base.Server, folder: Path) -> Iterator[Front]:
    """Managers at 127.0.0.1 with the real server behind, analysts at 127.0.0.2 with a recorder: a file each."""
    ports, doors = (base.free_port(), base.free_port()), [base.free_port() for _ in range(3)]
    heard: list = []
    recorder = ThreadingHTTPServer(("127.0.0.1", 0), type("Of", (Recorder,), {"heard": heard}))
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    names = {
        "managers": ("127.0.0.1", doors[0], server.port),
        "analysts": ("127.0.0.2", doors[1], recorder.server_port),
    }
    sites = {who: f"{address}:{ports[0]}" for who, (address, *_) in names.items()}
    clients = {who: (f"secret-of-{who}", {f"https://{site}/sso"}) for who, site in sites.items()}
    provider = Provider(folder, *proxies.certificate(folder), clients)
    for_apache, for_nginx = [], []
    for who, (address, door, behind) in names.items():
        values = {"name": sites[who], "issuer": provider.issuer, "client": who, "client_secret": clients[who][0]}
        values |= {"claim": "groups", "group": f"customerbase-{who}", "token": TOKEN}
        values |= {"door": f"127.0.0.1:{door}", "server": f"127.0.0.1:{behind}"}
        for_apache.append(proxies.for_apache(values))
        for_nginx.append(proxies.for_nginx(folder, address, ports, f"127.0.0.1:{door}"))
    wrong = values | {"issuer": provider.issuer.replace("127.0.0.1", "localhost"), "door": f"127.0.0.1:{doors[2]}"}
    for_apache.append(proxies.for_apache(wrong))
    both = for_nginx[0] + for_nginx[1][for_nginx[1].index("\nserver {") :]  # the zones stand once
    with proxies.apache(folder, "\n".join(for_apache), doors[0]), proxies.nginx(folder, both, ports[0]):
        yield Front(ports, provider, heard, folder, server, doors[2])
    provider.close()
    recorder.shutdown()
