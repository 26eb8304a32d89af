"""The dashboard in a real browser, without any network: alone, and behind nginx as docs/serving.md has it."""

import asyncio
import json
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import serving_base as base
from browser import CHROMIUM, Browser
from conftest import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium` to run it")
needs_nginx = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason="needs nginx and openssl: install the package `nginx-light`"
)
LIVE = "!!document.querySelector('#rendered_cells select')?.offsetParent && !document.querySelector('#waiting')"
OF_PAGE = """JSON.stringify({
  width: document.documentElement.scrollWidth,
  asked: performance.getEntriesByType("resource").map(e => e.name),
  origin: location.origin,
  tables: document.querySelectorAll("table.data").length,
  text: document.body.innerText,
})"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    base.publish(folder, "2026-09")
    base.publish(folder, "2026-10")
    return folder


@pytest.fixture(scope="module")
def server(home):
    with base.Server(home, f"--password-file={base.password_file(home)}", "--behind-proxy") as one:
        yield one


async def log_in(browser: Browser, address: str) -> None:
    await browser.send("Page.navigate", url=address)
    await browser.wait_for("!!document.querySelector('input[type=password]')")
    await browser.run(f"document.querySelector('input[type=password]').value = {json.dumps(base.PASSWORD)}")
    await browser.run("document.querySelector('form').submit()")


async def use(address: str, profile: Path, width: int) -> dict:
    """Log in, look, choose English and another month, leave; what was seen on the way."""
    async with Browser(profile) as browser:
        await browser.size(width)
        await log_in(browser, address)
        await browser.wait_for(LIVE)
        await browser.wait_for("document.querySelectorAll('table.data').length == 1")
        seen = json.loads(await browser.run(OF_PAGE))
        await browser.run("[...document.querySelectorAll('button')].find(b => b.innerText == 'English').click()")
        await browser.wait_for("document.body.innerText.includes('Oct 2026')")
        await browser.run("""(() => { const s = document.querySelector('select'); s.value = 'Sep 2026';
            s.dispatchEvent(new Event('change', {bubbles: true})) })()""")
        seen["later"] = await browser.wait_for(
            "document.body.innerText.includes('Sep 2026') && document.body.innerText"
        )
        seen["eval"] = await browser.run("(() => { try { return eval('1+1') } catch (e) { return e.name } })()")
        await browser.run(
            "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s) })()"
        )
        seen["inline"] = await browser.run("window.ran === undefined")
        await browser.send("Page.navigate", url=address)
        await browser.wait_for("!document.querySelector('#waiting') && document.body.innerText.includes('Sep 2026')")
        again = "JSON.stringify([document.documentElement.lang, document.title, document.querySelector('select').value, location.search])"
        seen["again"] = json.loads(await browser.run(again))
        seen["complaints"] = [one for one in browser.complaints if "Content Security Policy" not in one]
        await browser.send("Page.navigate", url="about:blank")
        await asyncio.sleep(1)
    return seen


@needs_browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_overview_lives_without_any_network(server, tmp_path, width):
    seen = asyncio.run(use(f"http://127.0.0.1:{server.port}/", tmp_path / "profile", width))
    assert seen["complaints"] == []
    assert {name for name in seen["asked"] if not name.startswith((seen["origin"], "data:"))} == set()
    assert seen["width"] <= width
    assert seen["tables"] == 1
    assert "2026年10月" in seen["text"] and "購入客数" in seen["text"] and "Active customers" in seen["later"]
    assert seen["eval"] == "EvalError" and seen["inline"] is True
    assert seen["again"] == ["en", "Overview", "Sep 2026", ""]  # kept in the window, not in the address


@needs_browser
def test_a_page_that_is_left_gives_its_kernel_back(server, tmp_path):
    async def visit() -> None:
        async with Browser(tmp_path / "profile") as browser:
            await log_in(browser, f"http://127.0.0.1:{server.port}/")
            await browser.wait_for(LIVE)
            mine = await browser.run("JSON.parse(document.querySelector('#jupyter-config-data').textContent).kernelId")
            await browser.send("Page.navigate", url=f"http://127.0.0.1:{server.port}/nothing")
            await browser.wait_for("document.body.innerText.includes('There is no such page')")
            await browser.wait_for(f"fetch('/api/kernels/{mine}').then(answer => answer.status == 404)")

    asyncio.run(visit())


# nginx


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    """nginx with the shipped file, its names and ports replaced; gives the https address."""
    folder, port = tmp_path_factory.mktemp("nginx"), base.free_port()
    key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "pem")]
    subprocess.run([OPENSSL, *key, *files], check=True, capture_output=True)
    text = (ROOT / "customerbase" / "serving" / "nginx.conf").read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "dashboards.example.jp": "127.0.0.1",
        "/etc/ssl/certs/dashboards.pem": str(folder / "pem"),
        "/etc/ssl/private/dashboards.key": str(folder / "key"),
        "/var/log/nginx/dashboards.log": str(folder / "access.log"),
        "127.0.0.1:8866": f"127.0.0.1:{server.port}",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    temporary = " ".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'}; events {{}}\nhttp {{ {temporary}\n{text}\n}}"
    (folder / "nginx.conf").write_text(whole)
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    for _ in range(100):
        assert process.poll() is None, process.stderr.read()
        try:
            base.socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"https://127.0.0.1:{port}", folder
    process.terminate()
    process.wait(10)


@needs_browser
@needs_nginx
def test_behind_nginx_the_dashboard_lives_over_tls(proxy, tmp_path):
    address, _ = proxy
    seen = asyncio.run(use(f"{address}/", tmp_path / "profile", 1440))
    assert seen["complaints"] == [] and seen["tables"] == 1 and "Active customers" in seen["later"]


@needs_nginx
def test_behind_nginx_cookies_are_secure_and_a_visitors_claims_are_dropped(proxy, server):
    address, folder = proxy
    trust = ssl._create_unverified_context()
    with urllib.request.urlopen(f"{address}/login?next=%2F&name={base.PERSON}", context=trust) as answer:
        assert (
            answer.headers["Strict-Transport-Security"]
            and "script-src 'self'" in answer.headers["Content-Security-Policy"]
        )
        xsrf = answer.headers["Set-Cookie"].split(";")[0]
        token = base.re.search(r'name="_xsrf" value="([^"]+)"', answer.read().decode())[1]
    body = f"_xsrf={token}&password={base.PASSWORD.replace(' ', '+')}".encode()
    request = urllib.request.Request(f"{address}/login", body, {"Cookie": xsrf, "X-Forwarded-For": "9.9.9.9"})
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), _Stay())
    answer = opener.open(request)
    cookies = answer.headers.get_all("Set-Cookie")
    assert answer.status == 302 and any(
        c.startswith("username-") and "Secure" in c and "HttpOnly" in c for c in cookies
    )
    log = (folder / "access.log").read_text()
    assert "GET /login" in log and base.PERSON not in log


class _Stay(urllib.request.HTTPRedirectHandler):
    def http_error_302(self, request, file, code, message, headers):
        return file


@needs_nginx
def test_behind_nginx_a_flood_is_refused(proxy):
    address, _ = proxy
    trust = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), _Stay())
    statuses = []
    for _ in range(20):
        try:
            statuses.append(opener.open(f"{address}/").status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
    assert statuses[0] == 302 and statuses[-1] == 429 and set(statuses) == {302, 429}
