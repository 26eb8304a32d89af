"""A dashboard server and its visitors: what they must not do is tried on the real thing, over real sockets.

Every refusal stands beside the same request done rightly, so that none passes because nothing works.
"""

import asyncio
import gzip
import json
import os
import re
import stat
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
import serving_base as base
from tornado.httpclient import HTTPClientError

from customerbase.tables import store

PERSON = base.PERSON
EXPORT = "reports/sample/2026-09/audiences/00001/mail-people-spring-1.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    base.publish(folder, "2026-09")
    for place in (EXPORT, "data/exports/sample.jsonl"):
        store.replace(folder / place, PERSON)
    return folder


@pytest.fixture(scope="module")
def server(home):
    """The managers' server, with a password."""
    with base.Server(home, f"--password-file={base.password_file(home)}", "--kernels=12") as one:
        yield one


@pytest.fixture(scope="module")
def visitor(server):
    return server.logged_in()


@pytest.fixture(scope="module")
def kernel(visitor):
    return visitor.open_page()


def refused(one: base.Visitor, kernel: str, **how: str | None) -> int:
    """The status of a socket that was not opened."""
    with pytest.raises(HTTPClientError) as error:
        asyncio.run(one.socket(kernel, **how))
    return error.value.code


# coming in


@pytest.mark.parametrize("path", ["/", "/overview"])
def test_nobody_comes_in_without_the_password(server, path):
    one = server.visitor()
    one.ask(path)
    assert one.status == 302 and one.response.getheader("Location").startswith("/login")
    one.ask(path, Authorization="token ")
    assert one.status == 302
    one.ask(f"{path}?token=")
    assert one.status == 302


def test_the_password_opens_and_another_does_not(server):
    one = server.visitor()
    assert one.log_in("not this one, surely") == 401
    assert "このパスワード" in one.text or "パスワードが違います" in one.text
    assert "not the password" in one.text
    one.ask("/")
    assert one.status == 302
    assert one.log_in(base.PASSWORD) == 302
    page = one.ask("/")
    assert one.status == 200 and "Overview" in page


def test_after_the_log_out_the_login_stands_there_again(server):
    one = server.logged_in()
    assert 'href="/logout"' in one.ask("/")
    one.ask("/logout")
    assert one.status == 302 and one.response.getheader("Location").startswith("/login")
    assert not [name for name in one.cookies if name.startswith("username-")]
    one.ask("/")
    assert one.status == 302 and one.response.getheader("Location").startswith("/login")


def test_the_login_page_has_one_form_and_no_word_of_jupyter(server):
    page = server.visitor().ask("/login")
    assert page.count("<form") == 1 and page.count('type="password"') == 1
    assert "jupyter" not in page.lower() and "new_password" not in page


def test_a_login_does_not_lead_to_another_site(server):
    one = server.visitor()
    page = one.ask("/login?next=//evil.example/")
    assert one.status == 200 and "evil.example" in page  # in the form's address, and then:
    xsrf = base.re.search(r'name="_xsrf" value="([^"]+)"', page)[1]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"_xsrf={xsrf}&password={base.PASSWORD.replace(' ', '+')}"
    one.ask("/login?next=%2F%2Fevil.example%2F", "POST", body, **form)
    assert one.status == 302 and one.response.getheader("Location") == "/"


def test_every_answer_carries_the_policy(server, visitor, kernel):
    for one, path in [(visitor, "/nothing"), (server.visitor(), "/login"), (visitor, "/voila/static/page.js")]:
        one.ask(path)
        policy = one.response.getheader("Content-Security-Policy")
        assert "script-src 'self'" in policy and "unsafe-eval" not in policy, path
        assert one.response.getheader("X-Frame-Options") == "DENY", path
        assert one.response.getheader("X-Content-Type-Options") == "nosniff", path
    assert "<script>" not in visitor.page and "https://" not in visitor.page.split('type="application/json"')[0]


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(server):
    one = server.visitor()
    one.log_in(base.PASSWORD)
    login = [line for line in one.response.headers.get_all("Set-Cookie") if line.startswith("username-")]
    assert len(login) == 1
    assert "HttpOnly" in login[0] and "SameSite=Strict" in login[0]


# code


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize(
    "kind", ["execute_request", "inspect_request", "complete_request", "history_request", "debug_request"]
)
def test_a_visitor_runs_no_code(visitor, kernel, tmp_path, kind, channel):
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').close()"
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {"x": code},
        "allow_stdin": False,
        "stop_on_error": True,
        "cursor_pos": len(code),
        "detail_level": 0,
        "hist_access_type": "tail",
        "n": 9,
        "command": "evaluate",
        "arguments": {"expression": code},
        "type": "request",
        "seq": 1,
    }

    async def attack():
        socket = await visitor.socket(kernel)
        sent = await socket.send(kind, content, channel)
        await socket.settle()  # the socket works: its kernel answers what is allowed
        return sent, socket.heard

    sent, heard = asyncio.run(attack())
    assert not mark.exists()
    assert "kernel_info_reply" in {message["msg_type"] for message in heard}
    assert not [message for message in heard if message["parent_header"].get("msg_id") == sent]


def test_a_comm_to_a_module_of_choice_is_not_opened(visitor, kernel):
    """The only other way to a constructor: comm_open with a target; unknown ones are closed again."""

    async def attack():
        socket = await visitor.socket(kernel)
        await socket.send("comm_open", {"comm_id": "x1", "target_name": "os", "target_module": "os", "data": {}})
        await socket.settle()
        return socket.heard

    heard = asyncio.run(attack())
    assert [m for m in heard if m["msg_type"] == "comm_close" and m["content"]["comm_id"] == "x1"]


# widgets


def test_a_forged_choice_changes_nothing_and_a_real_one_does(visitor, kernel):
    async def attack():
        socket = await visitor.socket(kernel)
        states = await socket.widgets()
        month, language = base.one_of(states, "DropdownModel"), base.one_of(states, "ToggleButtonsModel")
        before = {name for name in states if name not in (month, language)}
        for value in (99, -5, "../../etc/passwd", None, {"a": 1}):
            await socket.set(month, index=value)
        await socket.set(month, value="../../../etc/passwd", label="2031-01", _options_labels=["../../../etc"])
        await socket.settle()
        forged = await socket.widgets()
        pictures = [s["value"] for s in forged.values() if s.get("_model_name") == "HTMLModel"]
        await socket.set(month, index=0)
        await socket.set(language, index=1)
        await socket.settle()
        after = await socket.widgets()
        return before, forged, pictures, after, socket.heard

    before, forged, pictures, after, heard = asyncio.run(attack())
    assert before <= forged.keys()  # nothing was drawn anew
    assert "2026年9月" in "".join(pictures)
    english = "".join(s["value"] for s in after.values() if s.get("_model_name") == "HTMLModel")
    assert "Sep 2026" in english
    assert "Traceback" not in json.dumps(heard) and "/site-packages/" not in json.dumps(heard)


def test_no_widget_holds_a_person(visitor, kernel):
    async def look():
        return await (await visitor.socket(kernel)).widgets()

    states = json.dumps(asyncio.run(look()), ensure_ascii=False)
    assert "購入客数" in states or "Active customers" in states
    assert PERSON not in states and "customer_id" not in states and '"c1"' not in states


# kernels of others, other sites


def test_anothers_kernel_does_not_exist(server, visitor, kernel):
    other = server.logged_in()
    assert refused(other, kernel) == 404
    assert refused(server.visitor(), kernel) in (302, 403, 404)
    other.ask(f"/api/kernels/{kernel}")
    assert other.status == 404
    other.ask(f"/api/kernels/{kernel}", "DELETE", **{"X-XSRFToken": other.cookies["_xsrf"]})
    assert other.status == 404
    visitor.ask(f"/api/kernels/{kernel}")
    assert visitor.status == 200


def test_another_sites_page_cannot_speak_to_the_kernel(visitor, kernel):
    assert refused(visitor, kernel, Origin="https://evil.example") == 403
    own = asyncio.run(visitor.socket(kernel, Origin=f"http://127.0.0.1:{visitor.port}"))
    assert own.connection is not None


def test_the_older_protocol_whose_frames_would_stop_the_server_is_refused(visitor, kernel):
    assert refused(visitor, kernel, protocol=None) == 400
    assert refused(visitor, kernel, protocol="something else") == 400


def test_a_kernel_is_ended_with_the_pages_own_mark_only(server):
    one = server.logged_in()
    kernel = one.open_page()
    one.ask(f"/voila/api/shutdown/{kernel}", "POST", "")
    assert one.status == 403
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    one.ask(f"/voila/api/shutdown/{kernel}", "POST", f"_xsrf={one.cookies['_xsrf'].replace('|', '%7C')}", **form)
    assert one.status == 204
    one.ask(f"/api/kernels/{kernel}")
    assert one.status == 404


# paths

OUTSIDE = [
    "/../../../etc/passwd",
    "/overview/../../README.md",
    "/voila/static/../../../../../../etc/passwd",
    "/voila/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/voila/static//etc/passwd",
    "/voila/templates/lab/static/../../../../../../../../etc/passwd",
    "/voila/templates/lab/static/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
    "/voila/templates/../../etc/passwd",
    "/voila/templates/classic/static/style.css",
    "/voila/labextensions/../../../../../../etc/passwd",
    "/voila/files/overview.ipynb",
    "/voila/files/figure.png",
    "/figure.png",
    "/voila/render/overview.ipynb",
    "/overview.ipynb",
    "/voila/tree",
    "/voila/api/contents/",
    "/api/contents",
    "/api/kernels",
    "/api/sessions",
    "/api/terminals",
    "/api/kernelspecs",
    *(f"{start}{EXPORT}" for start in ("/", "/voila/files/", "/files/", "/voila/static/../../../", "/api/contents/")),
    "/data/exports/sample.jsonl",
    "/voila/query/11111111-1111-1111-1111-111111111111",
    "/voila/execution/11111111-1111-1111-1111-111111111111",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_stands_at_any_other_address(server, visitor, path):
    for one in (visitor, server.visitor()):
        text = one.ask(path)
        assert one.status in (302, 403, 404), (path, one.status)
        if one.status == 302:
            assert one is not visitor and one.response.getheader("Location").startswith("/login"), path
        assert "root:" not in text and "cells" not in text and PERSON not in text


def test_what_the_page_needs_is_there(visitor):
    for path in ["/voila/static/voila.js", "/voila/static/customerbase.css", "/voila/templates/lab/static/index.css"]:
        assert len(visitor.ask(path)) > 1000
        assert visitor.status == 200


FILES = ["/voila/static/voila.js", "/voila/templates/lab/static/index.css"]
FILES += ["/voila/labextensions/@jupyter-widgets/jupyterlab-manager/package.json"]


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_the_same_compressed_or_not(visitor, path):
    def get(method="GET", **headers):
        connection = HTTPConnection("127.0.0.1", visitor.port, timeout=120)
        connection.request(method, path, headers={"Cookie": visitor.cookie} | headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    zipped = {"Accept-Encoding": "gzip, br"}
    (_, plain, text), (_, packed, body) = get(), get(**zipped)
    assert "content-encoding" not in plain and packed["content-encoding"] == "gzip" and len(body) < len(text)
    assert gzip.decompress(body) == text and int(packed["content-length"]) == len(body)
    assert [plain.get(one) for one in ("etag", "last-modified")] == [
        packed.get(one) for one in ("etag", "last-modified")
    ]
    assert "Accept-Encoding" in packed["vary"] and packed["content-security-policy"] == plain["content-security-policy"]
    assert get("HEAD", **zipped)[1]["content-length"] == packed["content-length"]
    status, _, nothing = get(**zipped, **{"If-Modified-Since": packed["last-modified"]})
    assert (status, nothing) == (304, b"")
    status, part, middle = get(Range="bytes=10-19")
    assert (status, middle) == (206, text[10:20]) and "content-encoding" not in part


def test_the_address_takes_no_template_and_no_theme(visitor):
    page = visitor.ask("/?template=classic&theme=dark")
    assert visitor.status == 200
    assert "theme-dark" not in page and "customerbase.css" in page


# tables of others


def test_the_servers_process_has_no_way_to_other_tables(server):
    assert {path.stem for path in server.folder.rglob("*.parquet")} == {"dashboard_parts"}
    for process in _children(server.process.pid):
        with open(f"/proc/{process}/environ", encoding="utf-8") as file:
            inner = dict(item.split("=", 1) for item in file.read().split("\0") if "=" in item)
        assert inner["CUSTOMERBASE_HOME"] == str(server.folder / "home")
        assert "CUSTOMERBASE_ID_KEY" not in inner and "A_SECRET_OF_THE_MACHINE" not in inner
        assert str(server.home) not in {inner.get("HOME"), inner.get("PWD")}


def _children(parent: int) -> list[int]:
    """The server and its kernels."""
    psutil = pytest.importorskip("psutil")
    found = [one.pid for one in psutil.Process(parent).children(recursive=True)]
    assert len(found) >= 2
    return found


def test_a_page_that_asks_for_anothers_table_gets_none(home, server, monkeypatch):
    """What a page does in the managers' process and in the analysts': the same read, refused and granted."""
    with base.Server(home, audience="analysts") as analysts:
        for one, there in ((server, False), (analysts, True)):
            monkeypatch.setenv("CUSTOMERBASE_HOME", str(one.folder / "home"))
            tables = store.published_tables("sample", "2026-09")
            assert ("rfm" in tables) is there and "contacts" not in tables


def test_the_page_about_single_customers_stands_on_the_analysts_server_alone(home, server):
    manager = server.logged_in()
    assert "customer" not in re.findall(r'href="/(\w+)"', manager.ask("/"))
    manager.ask("/customer")
    assert manager.status == 404
    with base.Server(home, audience="analysts") as analysts:
        analyst = analysts.visitor()
        assert "customer" in re.findall(r'href="/(\w+)"', analyst.ask("/customer")) and analyst.status == 200


def test_only_this_user_can_reach_a_kernels_sockets(server, kernel):
    """Sockets are files in a folder of this user's; on the network a kernel answers nobody."""
    [sockets] = [one for one in _kernels(server.process.pid) if kernel in one[0]]
    folder = Path(sockets[0]).parent
    about = json.loads((folder / f"kernel-{kernel}.json").read_text())
    named = {f"{about['ip']}-{number}" for name, number in about.items() if name.endswith("_port")}
    assert about["transport"] == "ipc" and len(named) == 5 and named <= {*sockets}
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert not [one for one in _children(server.process.pid) if about["key"] in _command_line(one)]


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_server_forks_all_its_kernels_from_one_parent(server, kernel):
    """The parent that was started while the server was starting is the one whose environment the kernels have."""
    psutil = pytest.importorskip("psutil")
    family = psutil.Process(server.process.pid).children(recursive=True)
    parents = [one for one in family if "customerbase.warm.parent" in " ".join(one.cmdline()) and one.children()]
    assert len(parents) == 1 and parents[0].num_threads() == 1
    assert not [one for one in family if "ipykernel_launcher" in " ".join(one.cmdline())]


def _kernels(parent: int) -> list[list[str]]:
    """The sockets of each kernel, forked or started: no other process below the server listens."""
    psutil = pytest.importorskip("psutil")
    found = [
        [one.laddr for one in psutil.Process(pid).net_connections("unix") if "kernel-" in one.laddr]
        for pid in _children(parent)
    ]
    return [sockets for sockets in found if sockets]


def _command_line(process: int) -> str:
    return " ".join(pytest.importorskip("psutil").Process(process).cmdline())


# a new month


def test_a_new_month_is_on_the_next_page_without_a_restart(home, server):
    one = server.logged_in()

    def months() -> list[str]:
        kernel = one.open_page()

        async def look():
            states = await (await one.socket(kernel)).widgets()
            return states[base.one_of(states, "DropdownModel")]["_options_labels"]

        return asyncio.run(look())

    heated = server.log.count("Kernel pool of")
    assert months() == ["2026年9月"]
    deadline = time.monotonic() + 60
    while server.log.count("Kernel pool of") == heated and time.monotonic() < deadline:
        time.sleep(0.1)  # until another kernel is preheated, with the old month
    base.publish(home, "2026-10")
    deadline = time.monotonic() + 30
    while not (server.folder / "home/data/runs/sample/2026-10/current.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert months() == ["2026年10月", "2026年9月"]


# too many


def test_when_all_places_are_taken_the_page_says_so(home):
    with base.Server(home, f"--password-file={base.password_file(home)}", "--kernels=2") as one:
        statuses, last = [], ""
        for _ in range(3):
            guest = one.logged_in()
            last = guest.ask("/")
            statuses.append(guest.status)
        assert statuses[:2] == [200, 200] and statuses[2] == 503
        assert "混み合っています" in last and "in a minute" in last
        assert len(_kernels(one.process.pid)) == 2


def test_one_visitor_holds_three_kernels_at_most(server):
    one = server.logged_in()
    first = one.open_page()
    rest = [one.open_page() for _ in range(3)]
    one.ask(f"/api/kernels/{first}")
    assert one.status == 404
    one.ask(f"/api/kernels/{rest[-1]}")
    assert one.status == 200


def test_guessing_is_refused_after_five_wrong_passwords(home):
    with base.Server(home, f"--password-file={base.password_file(home)}") as one:
        guest = one.visitor()
        assert [guest.log_in("wrong wrong wrong") for _ in range(6)] == [401] * 5 + [429]
        assert guest.log_in(base.PASSWORD) == 429  # even the right one has to wait
        assert guest.response.getheader("Retry-After") == "60"


def test_a_server_whose_parent_was_killed_stops_and_its_folder_is_swept_by_the_next(home):
    with base.Server(home) as one:
        [child] = pytest.importorskip("psutil").Process(one.process.pid).children()
        one.process.kill()
        one.process.wait()
        child.wait(60)
        assert one.folder.exists()
    with base.Server(home):
        assert not one.folder.exists()


# without a login, and with a token


def test_without_a_login_only_this_machines_name_is_answered(home):
    with base.Server(home) as one:
        guest = one.visitor()
        guest.open_page()
        for name in (f"evil.example:{one.port}", "192.168.0.9"):
            guest.ask("/", Host=name)
            assert guest.status == 403, name  # a site whose name is pointed here (DNS rebinding)


def test_a_token_counts_in_the_header_and_excuses_from_nothing(home):
    path = home / "token"
    path.write_text("0123456789abcdef-token\n")
    path.chmod(0o600)
    with base.Server(home, f"--token-file={path}") as one:
        guest = one.visitor()
        guest.ask("/?token=0123456789abcdef-token")
        assert guest.status == 302
        guest.ask("/", Authorization="token 0123456789abcdef-tokem")
        assert guest.status == 302
        proxied = one.visitor(Authorization="token 0123456789abcdef-token")
        kernel = proxied.open_page()
        assert refused(proxied, kernel, Origin="https://evil.example") == 403
        past = base.Visitor(one.port, dict(proxied.cookies))  # round the proxy, with the cookie of a visit through it
        past.ask("/overview")
        assert past.status == 302 and refused(base.Visitor(one.port, dict(proxied.cookies)), kernel) in (302, 403, 404)
        named = one.visitor(**{"X-Forwarded-User": "somebody", "Remote-User": "somebody", "X-Remote-User": "somebody"})
        named.ask("/overview")
        assert named.status == 302
        proxied.ask(f"/voila/api/shutdown/{kernel}", "POST", "")
        assert proxied.status == 403
        proxied.ask("/", Origin="https://evil.example")
        assert proxied.response.getheader("Access-Control-Allow-Origin") is None
        assert "0123456789abcdef-token" not in one.log


# errors

BROKEN = """
import sys
from pathlib import Path
import nbformat.v4 as v4, nbformat
from customerbase.serving import server, settings
pages = Path(sys.argv[1])
settings.PAGES = server.PAGES = pages
del sys.argv[1]
server.main(sys.argv[1:])
"""

CALLBACK = """
import ipywidgets as w
text = w.Text(value="", disabled=True)
seen = w.HTML("untouched")
def use(change):
    raise ValueError("no order for yamada.hanako@example.jp")
text.observe(use, names="value")
w.VBox([text, seen])
"""


@pytest.fixture(scope="module", params=["cell", "callback"])
def broken(request, home, tmp_path_factory):
    """A server whose page quotes a person in an exception, and an image lies beside the page."""
    import nbformat

    folder = tmp_path_factory.mktemp("pages")
    code = "raise ValueError('no order for yamada.hanako@example.jp')" if request.param == "cell" else CALLBACK
    cells = [nbformat.v4.new_markdown_cell("# Overview"), nbformat.v4.new_code_cell(code)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "overview.ipynb")
    (folder / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
    driver = folder / "driver.py"
    driver.write_text(BROKEN)
    place = folder / "place"
    (place / "home").mkdir(parents=True)
    (place / "own").mkdir()
    port, log = base.free_port(), folder / "log"
    command = [sys.executable, str(driver), str(folder), f"--folder={place}", "--pipeline=sample"]
    command += ["--audience=managers", "--ip=127.0.0.1", f"--port={port}", "--kernels=4"]
    command += [f"--password-file={base.password_file(home)}"]
    with log.open("wb") as file:
        process = base.subprocess.Popen(command, stdout=file, stderr=file, env=os.environ)
    for _ in range(300):
        try:
            base.socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    one = base.Visitor(port)
    one.log_in(base.PASSWORD)
    yield request.param, one, log
    process.terminate()
    process.wait(30)


def test_neither_page_nor_socket_nor_log_quotes_an_exception(broken):
    kind, visitor, log = broken
    kernel = visitor.open_page()
    heard = []
    if kind == "cell":
        assert "最後まで作れませんでした" in visitor.page and "could not be finished" in visitor.page
        assert "ValueError" not in visitor.page and "show_tracebacks" not in visitor.page
    else:
        heard = asyncio.run(_poke(visitor, kernel))
        errors = [message for message in heard if message["msg_type"] == "error"]
        assert len(errors) >= 1  # the callback did fail: a disabled control can be set
    assert PERSON not in visitor.page + json.dumps(heard)
    assert PERSON not in log.read_text()


async def _poke(visitor: base.Visitor, kernel: str) -> list[dict]:
    socket = await visitor.socket(kernel)
    states = await socket.widgets()
    await socket.set(base.one_of(states, "TextModel"), value="forged")
    await socket.answer("error")
    await socket.settle()
    return socket.heard


@pytest.mark.parametrize(
    "path", ["/secret.png", "/voila/files/secret.png", "/files/secret.png", "/voila/static/secret.png"]
)
def test_an_image_beside_the_page_is_served_to_nobody(broken, path):
    _, visitor, _ = broken
    for one in (visitor, base.Visitor(visitor.port)):
        text = one.ask(path)
        assert one.status in (403, 404) and "picture" not in text


def test_the_log_of_a_whole_visit_names_nobody(server, visitor, kernel):
    visitor.ask(f"/nothing?name={PERSON}")
    text = server.log
    assert "404 GET /nothing" in text
    assert PERSON not in text and base.PASSWORD not in text and "argon2" not in text
