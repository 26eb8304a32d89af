"""Single sign-on as docs/serving.md has it: a provider of the test, nginx, Apache with mod_auth_openidc, the real server.

The shipped nginx.conf and apache-oidc.conf are used as they are, their names and ports replaced. Every refusal stands
beside the same request done rightly, so that none passes because nothing works.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import proxies
import pytest
import serving_base as base
import sign_on
from browser import CHROMIUM, Browser
from oidc_provider import GROUPS
from sign_on import FILE, TOKEN, Front, Guest
from tornado.httpclient import HTTPClientError

pytestmark = proxies.needs_sign_on
SESSION = "mod_auth_openidc_session"
LIVE = "!!document.querySelector('#rendered_cells select')?.offsetParent && !document.querySelector('#waiting')"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[base.Server]:
    home = tmp_path_factory.mktemp("home")
    base.publish(home, "2026-09")
    base.publish(home, "2026-10")
    token = home / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    with base.Server(home, f"--token-file={token}", "--behind-proxy") as one:
        yield one


@pytest.fixture(scope="module")
def front(server, tmp_path_factory) -> Iterator[Front]:
    with sign_on.opened(server, tmp_path_factory.mktemp("front")) as one:
        yield one


def refused(one: base.Visitor, kernel: str, **headers: str) -> int:
    """The status of a socket that was not opened."""
    with pytest.raises(HTTPClientError) as error:
        asyncio.run(one.socket(kernel, **headers))
    return error.value.code


# coming in


@pytest.mark.parametrize("path", ["/", "/overview", FILE, "/nothing/at/all", "/api/kernels"])
def test_without_a_session_every_address_leads_to_the_provider(front, path):
    guest = front.managers()
    guest.ask(path)
    assert guest.sent_to_provider
    asked = {name: values[0] for name, values in parse_qs(urlsplit(guest.location).query).items()}
    assert asked["redirect_uri"] == f"{guest.site}/sso" and asked["client_id"] == "managers"
    assert asked["code_challenge_method"] == "S256" and asked["state"] and asked["nonce"]
    guest.ask(path, Accept="application/json", **{"X-Requested-With": "XMLHttpRequest"})
    assert guest.status == 401  # what a page asks for in the background is not sent round


def test_who_belongs_to_the_group_comes_to_the_page_he_asked_for_and_it_lives(front):
    guest = front.managers()
    page = guest.sign_in("suzuki", "/overview")
    assert guest.status == 200 and "Overview" in page
    kernel = base.kernel_of(page)

    async def use() -> str:
        socket = await guest.socket(kernel, Origin=guest.site)
        states = await socket.widgets()
        await socket.set(base.one_of(states, "ToggleButtonsModel"), index=1)
        await socket.set(base.one_of(states, "DropdownModel"), index=1)
        await socket.settle()
        return json.dumps(await socket.widgets())

    assert "Sep 2026" in asyncio.run(use())
    assert refused(guest, kernel, Origin="https://evil.example") == 403
    stranger = front.managers()
    assert refused(stranger, kernel) in (302, 401)
    stranger.sign_in("suzuki")
    assert refused(stranger, kernel) == 404  # signed in, from another browser


def test_cookies_are_out_of_reach_for_scripts_other_sites_and_plain_http(front):
    guest = front.managers()
    back = guest.come_back("suzuki")
    started = guest.response.headers.get_all("Set-Cookie")
    guest.ask(back)
    [session] = [one for one in guest.response.headers.get_all("Set-Cookie") if one.startswith(f"{SESSION}=")]
    guest.ask("/")
    own = [one for one in guest.response.headers.get_all("Set-Cookie") if one.startswith("username-")]
    assert started and own
    for cookie in [*started, session, *own]:
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=" in cookie, cookie


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium` to run it")
def test_in_a_browser_the_sign_on_ends_on_a_page_that_lives(front, tmp_path):
    async def visit() -> tuple[str, list[str]]:
        async with Browser(tmp_path / "profile") as browser:
            await browser.size(1440)
            await browser.send("Page.navigate", url=f"{front.managers().site}/")
            await browser.wait_for("document.title == 'Sign in'")
            await browser.run("document.querySelector('input').value = 'suzuki'")
            await browser.run("document.querySelector('form').submit()")
            await browser.wait_for(LIVE)
            await browser.run("[...document.querySelectorAll('button')].find(b => b.innerText == 'English').click()")
            text = await browser.wait_for("document.body.innerText.includes('Oct 2026') && document.body.innerText")
            complaints = browser.complaints
            await browser.run("document.querySelector('nav .leave a').click()")
            await browser.wait_for("document.title == 'Sign in'")
            return text, complaints

    text, complaints = asyncio.run(visit())
    assert "Active customers" in text and complaints == []


# staying out


@pytest.mark.parametrize("user", ["tanaka", "kimura", "sato"])
def test_who_is_not_of_the_group_is_told_so_in_both_languages(front, user):
    assert "customerbase-managers" not in GROUPS[user]
    guest = front.managers()
    page = guest.sign_in(user)
    assert guest.status == 403 and "権限がありません" in page and "not in a group" in page
    for path in ("/overview", FILE, "/logout/", "/sso/"):
        guest.ask(path)
        assert guest.status == 403, path


def test_each_audience_has_its_own_door(front):
    guest = front.managers()
    guest.sign_in("suzuki")
    other = front.analysts()
    other.cookies = dict(guest.cookies)
    other.ask("/")
    assert other.sent_to_provider  # the session of one site is none at the other
    other = front.analysts()
    other.sign_in("suzuki")
    assert other.status == 403
    other = front.analysts()
    other.sign_in("sato")
    assert other.status == 200


BAD = {
    "expired": lambda p: p.changed(exp=1_600_000_000, iat=1_599_999_000),
    "for another client": lambda p: p.changed(aud="analysts"),
    "of another provider": lambda p: p.changed(iss="https://login.evil.example"),
    "of another log-in": lambda p: p.changed(nonce="0123456789"),
    "signed by a stranger": lambda p: lambda claims: p.signed(claims, key="foreign"),
    "written in afterwards": lambda p: p.altered,
    "signed by the client's secret": lambda p: p.with_the_secret,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_token_that_is_not_in_order_opens_nothing(front, kind):
    guest = front.managers()
    front.provider.token = BAD[kind](front.provider)
    try:
        text = guest.ask(guest.come_back("suzuki"))
    finally:
        front.provider.token = front.provider.good
    assert not guest.location and "Error" in text and SESSION not in guest.cookies, (guest.status, text)
    guest.ask("/")
    assert guest.sent_to_provider
    guest.sign_in("suzuki")
    assert guest.status == 200  # the same with a good token


def test_a_provider_whose_certificate_is_for_another_name_is_not_asked(front):
    guest = base.Visitor(front.stranger, headers={"Accept": "text/html", "X-Forwarded-Proto": "https"})
    guest.ask("/")
    assert guest.status == 500 and not guest.response.getheader("Location")
    log = (front.folder / "apache.log").read_text()
    assert re.search("curl_easy_perform.* failed.*SSL: no alternative certificate subject name", log)


def test_a_log_in_that_another_browser_began_is_refused_and_counts_once(front):
    victim, attacker = front.managers(), front.managers()
    back = attacker.come_back("suzuki")
    victim.ask(back)  # the attacker's account in the victim's browser
    assert SESSION not in victim.cookies and not victim.location.startswith(f"{victim.site}/overview")
    victim.ask("/")
    assert victim.sent_to_provider
    attacker.ask(back)
    assert SESSION in attacker.cookies
    again = front.managers()
    again.ask(back)
    assert SESSION not in again.cookies


FORGED = {
    "Authorization": f"token {TOKEN}",
    "X-Forwarded-User": "president",
    "X-Forwarded-Email": "president@example.jp",
    "X-Forwarded-Groups": "customerbase-managers",
    "X-Remote-User": "president",
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "OIDC_CLAIM_groups": "customerbase-managers",
    "OIDC-CLAIM-groups": "customerbase-managers",
    "OIDC_CLAIM_sub": "president",
}


def test_forged_headers_open_nothing(front):
    guest = front.managers()
    for path in ("/", FILE):
        guest.ask(path, **FORGED)
        assert guest.sent_to_provider
        assert "evil.example" not in guest.location
    guest.ask("/", Cookie=f"{SESSION}=0123456789abcdef0123456789abcdef01234567")
    assert guest.sent_to_provider


def test_of_what_a_visitor_claims_and_of_who_he_is_nothing_reaches_the_server(front):
    guest = front.analysts()
    guest.sign_in("sato")
    guest.ask("/overview?from=test", **FORGED | {"Authorization": "Bearer of-my-own", "Origin": guest.site})
    assert guest.status == 200
    path, headers = front.heard[-1]
    assert path == "/overview?from=test"
    assert headers["authorization"] == f"token {TOKEN}" and headers["x-forwarded-for"] == guest.address
    assert headers["x-forwarded-proto"] == "https" and headers["host"] == f"127.0.0.2:{guest.port}"
    assert headers["origin"] == guest.site  # the server compares it with the host
    text = json.dumps(headers)
    for word in ("president", "sato", "customerbase-", "9.9.9.9", "of-my-own", SESSION, "id_token", "access_token"):
        assert word not in text, (word, text)


# leaving


def test_after_the_log_out_the_session_is_gone_here_and_at_the_provider(front):
    guest = front.managers()
    guest.sign_in("suzuki")
    kernel = guest.open_page()
    kept = dict(guest.cookies)
    guest.ask("/logout")
    assert guest.status == 302 and guest.location.startswith(f"{guest.site}/sso?logout=")
    guest.ask(guest.location.removeprefix(guest.site))
    assert guest.location.startswith(f"{front.provider.issuer}/end_session?")
    assert SESSION not in guest.cookies
    Guest(front.provider.server.server_port).ask(guest.location.removeprefix(front.provider.issuer))
    ended = front.provider.ended[-1]
    assert ended["id_token_hint"].count(".") == 2 and ended["post_logout_redirect_uri"] == f"{guest.site}/"
    for cookies in (guest.cookies, kept):
        guest.cookies = dict(cookies)
        guest.ask("/")
        assert guest.sent_to_provider
        assert refused(guest, kernel) in (302, 401)
    past = base.Visitor(front.server.port, kept, {"Host": f"127.0.0.1:{guest.port}"})  # round the proxy
    past.ask("/overview")
    assert past.status == 302 and past.response.getheader("Location").startswith("/login")


def test_a_log_out_leads_to_no_other_site(front):
    guest = front.managers()
    guest.sign_in("suzuki")
    guest.ask("/sso?logout=https%3A%2F%2Fevil.example%2F")
    assert not guest.location


# how much, and how


def test_a_page_with_all_its_files_at_once_is_not_hurt_and_a_flood_is_refused(front):
    guest = front.managers()
    guest.sign_in("suzuki")
    page = guest.ask("/")
    files = re.findall(r'(?:src|href)="(/voila/[^"]+)"', page)
    assert len(files) >= 6

    def ask(path: str) -> int:
        one = Guest(guest.port, dict(guest.cookies), address=guest.address)
        one.ask(path)
        return one.status

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(ask, itertools.islice(itertools.cycle(files), 100)))
        assert set(statuses) == {200}
        pages = [ask("/nothing") for _ in range(25)]
        assert pages[0] == 404 and pages[-1] == 429 and set(pages) == {404, 429}
        assert ask(files[0]) == 200  # too many pages do not spoil the one that is open
    other = front.managers()
    assert other.sign_in("suzuki") and other.status == 200  # nor anybody else's


def test_a_flood_of_files_is_refused(front):
    guest = front.managers()

    def knock(times: int) -> list[int]:
        connection, statuses = guest.connect(), []
        for _ in range(times):
            connection.request("GET", FILE, headers={"X-Requested-With": "XMLHttpRequest"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        return statuses

    assert set(knock(100)) == {401}
    with ThreadPoolExecutor(8) as threads:
        statuses = list(itertools.chain(*threads.map(knock, [250] * 8)))
    assert set(statuses) == {401, 429} and statuses.count(401) >= 850


def test_tls_only(front):
    guest = front.managers()
    for path in ("/", "/overview?a=1"):
        plain = base.Visitor(front.ports[1], headers={"Host": "evil.example"})
        plain.ask(path)
        assert plain.status == 301 and plain.response.getheader("Location") == f"https://127.0.0.1{path}"
    mistaken = base.Visitor(front.ports[0])
    mistaken.ask("/")
    assert mistaken.status == 400
    guest.ask("/")
    assert guest.status == 302 and "max-age=31536000" in guest.response.getheader("Strict-Transport-Security")
    guest.sign_in("tanaka")
    assert guest.status == 403 and "max-age=31536000" in guest.response.getheader("Strict-Transport-Security")


def test_no_log_names_who_came_in_or_holds_what_opens(front):
    guest = front.managers()
    back = guest.come_back("suzuki")
    guest.ask(back)
    guest.ask(FILE)
    code = parse_qs(urlsplit(back).query)["code"][0]
    texts = {name: (front.folder / name).read_text() for name in ("access.log", "error.log", "apache.log")}
    texts["server"] = front.server.log
    assert f"GET {FILE}" in texts["access.log"] and "GET /sso" in texts["access.log"]
    for name, text in texts.items():
        for word in (code, TOKEN, "secret-of-managers", guest.cookies[SESSION]):
            assert word not in text, (name, word)
    assert "suzuki" not in texts["access.log"] + texts["error.log"] + texts["server"]
    refusals = [line for line in texts["apache.log"].splitlines() if "suzuki" in line]
    assert all("authorization failure" in line for line in refusals)  # who was refused, and nobody else
