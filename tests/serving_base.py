"""A home with published months that were written by hand, a dashboard server over it, and a visitor to knock."""

import asyncio
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import date
from http.client import HTTPConnection, HTTPResponse
from itertools import accumulate
from pathlib import Path

import pandas as pd
from conftest import ROOT
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from customerbase import i18n, kpi
from customerbase.dashboards.part import Column, Part, Table, records
from customerbase.periods import month_label
from customerbase.segments import codes
from customerbase.serving import visitors
from customerbase.tables import store

PASSWORD = "a password for all tests"
PROTOCOL = "v1.kernel.websocket.jupyter.org"
PATIENCE = 90  # seconds until something that never comes is called so
PERSON = "yamada.hanako@example.jp"  # must not be seen or logged anywhere


def publish(home: Path, month: str, run: str = "run1", customers: int = 40) -> None:
    """Write a published month below `home`: the parts of pages, an aggregate, a table of persons and one of contacts."""
    folder = home / "data" / "runs" / "sample" / month
    tables = folder / run / "tables"
    tables.mkdir(parents=True)
    first, segments = pd.Timestamp(f"{month}-01"), list(codes())
    numbers = [(one.id, first, 0.5 if one.unit == "ratio" else 1234.0, 403, 0.4, 0.6) for one in kpi.KPIS.values()]
    made = {
        "kpi": pd.DataFrame(numbers, columns=["kpi", "month", "value", "n", "low", "high"]),
        "segment_summary": pd.DataFrame({"segment": segments, "customers": [customers] * len(segments)}),
        "dashboard_parts": pd.DataFrame(records(overview(month), first)),
        "rfm": pd.DataFrame({"customer_id": ["c1"], "net_spend": [100.0]}),
        "contacts": pd.DataFrame({"customer_id": ["c1"], "email": [PERSON]}),
    }
    for name, frame in made.items():
        frame.to_parquet(tables / f"{name}.parquet")
    about = {"run_id": run, "pipeline": "sample", "month": month, "as_of": f"{month}-28", "settings": {"k_min": 10}}
    about |= {"goals": {}, "segments": {}, "inputs": {"customers.csv": PERSON}, "records": {"few": 3}, "id_key": "abc"}
    about["tables"] = {name: {"rows": len(frame), "sha256": "0"} for name, frame in made.items()}
    store.replace(folder / run / "manifest.json", json.dumps(about))
    store.replace(folder / "current.json", json.dumps({"run_id": run, "folder": run}))


def overview(month: str) -> list[Part]:
    """A small overview of a month, in both languages: a sentence and the table of KPIs."""
    made = []
    for language in i18n.LANGUAGES:
        told = month_label(date.fromisoformat(f"{month}-01"), language)
        made.append(Part("style", language, "style", "html", "<style>.report{h2{font-weight:700}}</style>"))
        made.append(Part("overview", language, "summary", "html", f"<h2>{told}</h2>", notebook="13_monthly_report"))
        columns = (Column("figure", "KPI"), Column("value", told, "own"), Column("n", "n", "number"))
        rows = tuple((kpi.name(one, language), 0.5 if kpi.unit(one) == "rate" else 1234.0, 403) for one in kpi.KPIS)
        units = tuple(kpi.unit(one) for one in kpi.KPIS)
        table = Table("KPI", columns, rows, "n = 403", units=units)
        made.append(Part("overview", language, "kpis", "table", table.write(), notebook="12_kpi"))
    return made


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def password_file(folder: Path) -> Path:
    path = folder / "password"
    if not path.exists():
        visitors.write_password(path, PASSWORD)
    return path


class Server:
    """`python -m customerbase serve` in a process of its own; what it logs is in `log`."""

    def __init__(self, home: Path, *options: str, door: tuple[str, ...] = ("-m", "customerbase"), audience="managers"):
        self.home, self.port, self.log_file = home, free_port(), home / f"server-{uuid.uuid4().hex}.log"
        command = [sys.executable, *door, "serve", "sample", f"--port={self.port}", f"--audience={audience}", *options]
        outer = os.environ | {"CUSTOMERBASE_HOME": str(home), "A_SECRET_OF_THE_MACHINE": "1"}
        self._before = set(self._folders())
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=outer, stdout=log, stderr=log)

    def __enter__(self):
        for _ in range(600):
            assert self.process.poll() is None, self.log
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                [self.folder] = set(self._folders()) - self._before  # of the audience
                return self
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(self.log)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def _folders(self):
        return (self.home / "data" / "serving").glob("sample-*")

    def visitor(self, **headers: str) -> "Visitor":
        return Visitor(self.port, headers=headers)

    def logged_in(self) -> "Visitor":
        one = self.visitor()
        one.log_in(PASSWORD)
        return one


@dataclass
class Visitor:
    """A browser without JavaScript: cookies, forms, and the socket of a kernel."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    response: HTTPResponse | None = None

    scheme = "ws"

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> str:
        """Send a request as it stands (no tidying of the path); the answer's text, its rest in `response`."""
        connection = self.connect()
        sent = {"Cookie": self.cookie} | self.headers | headers
        connection.request(method, path, body, {name: value for name, value in sent.items() if value})
        self.response = connection.getresponse()
        text = self.response.read().decode("utf-8", "replace")
        for line in self.response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value
        connection.close()
        return text

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def status(self) -> int:
        return self.response.status

    def log_in(self, password: str) -> int:
        page = self.ask("/login")
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)[1]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.text = self.ask("/login", "POST", f"_xsrf={xsrf}&password={password.replace(' ', '+')}", **form)
        return self.status

    def open_page(self, path: str = "/") -> str:
        """Open a dashboard; returns the id of its kernel."""
        self.page = self.ask(path)
        assert self.status == 200, self.page
        return kernel_of(self.page)

    async def socket(self, kernel: str, protocol: str | None = PROTOCOL, **headers: str) -> "Kernel":
        address = f"{self.scheme}://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id=s"
        request = HTTPRequest(address, headers={"Cookie": self.cookie} | self.headers | headers, validate_cert=False)
        spoken = [protocol] if protocol else None
        return Kernel(await websocket_connect(request, max_message_size=1 << 26, subprotocols=spoken))


def kernel_of(page: str) -> str:
    """The id of the kernel behind a page."""
    found = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)
    return json.loads(found[1])["kernelId"]


class Kernel:
    """The socket of a kernel, as a visitor's browser or an attacker's script holds it."""

    def __init__(self, connection):
        self.connection, self.heard = connection, []

    async def send(self, kind: str, content: dict, channel: str = "shell", **metadata: str) -> str:
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": "s", "username": "", "version": "5.4", "date": ""}
        parts = [channel.encode(), *(json.dumps(one).encode() for one in (header, {}, metadata, content))]
        places = list(accumulate(map(len, parts), initial=8 * (len(parts) + 2)))
        numbers = b"".join(one.to_bytes(8, "little") for one in (len(places), *places))
        await self.connection.write_message(numbers + b"".join(parts), binary=True)
        return number

    async def answer(self, kind: str, number: str | None = None) -> dict:
        """The next message of this kind (answering `number`); what else came is in `heard`."""
        while True:
            text = await asyncio.wait_for(self.connection.read_message(), PATIENCE)
            assert text is not None, "the server closed the socket"
            message = _message(text)
            self.heard.append(message)
            if message["msg_type"] == kind and number in (None, message["parent_header"].get("msg_id")):
                return message

    async def settle(self) -> None:
        """Wait until everything sent so far has been dealt with: two answers, one per round through the kernel."""
        for _ in range(2):
            await self.answer("kernel_info_reply", await self.send("kernel_info_request", {}))

    async def widgets(self) -> dict[str, dict]:
        """The state of every widget by id, as any visitor can ask for it."""
        comm = uuid.uuid4().hex
        opened = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        await self.send("comm_open", opened, version="1.0.0")
        await self.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        while True:
            message = await self.answer("comm_msg")
            if message["content"]["data"].get("method") == "update_states":
                return {name: one["state"] for name, one in message["content"]["data"]["states"].items()}

    async def set(self, widget: str, **state) -> None:
        """What a browser sends when a control was used, with any value."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        await self.send("comm_msg", {"comm_id": widget, "data": data})


def _message(frame: bytes) -> dict:
    """A message out of its frame: how many places, the places, then channel, header, parent, metadata and content."""
    count = int.from_bytes(frame[:8], "little")
    places = [int.from_bytes(frame[8 * i + 8 : 8 * i + 16], "little") for i in range(count)]
    _, header, parent, _, content = (frame[a:b] for a, b in itertools.islice(itertools.pairwise(places), 5))
    kind = json.loads(header)["msg_type"]
    return {"msg_type": kind, "parent_header": json.loads(parent), "content": json.loads(content)}


def one_of(states: dict[str, dict], model: str) -> str:
    """The id of the only widget of a kind."""
    [found] = [name for name, state in states.items() if state.get("_model_name") == model]
    return found
