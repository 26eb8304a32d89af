"""Serving, without a server: who may see which tables, who may come in, what is refused before anything starts."""

import asyncio
import contextlib
import json
import logging
import stat
import sys
from types import SimpleNamespace

import pytest
import serving_base as base
from ipywidgets import HTML, Box, Button, Dropdown, HBox, ToggleButtons, VBox
from tornado.web import HTTPError
from traitlets import TraitError

from customerbase import __main__ as door
from customerbase.errors import ConfigError
from customerbase.serving import audiences, command, folder, logs, settings, visitors
from customerbase.serving.kernels import Kernels
from customerbase.tables import schemas, store
from customerbase.widgets.overview import Overview


@pytest.fixture
def published(home):
    base.publish(home, "2026-09")
    base.publish(home, "2026-10")
    return home


# who may see what


def test_managers_see_no_row_about_one_person_and_nobody_a_contact_column():
    """Plain walk over expectations/, not the check of audiences.py itself."""
    for audience in audiences.audiences().values():
        for table in audience.tables:
            columns = schemas()[table].columns.values()
            assert not [one.name for one in columns if one.sensitivity == "contact"], (audience.name, table)
            if audience.name == "managers":
                assert schemas()[table].kind != "source", table
                assert not [c.name for c in columns if c.sensitivity == "pseudonym" or c.name.endswith("_id")], table


def test_analysts_see_what_managers_see_and_persons_without_contacts():
    managers, analysts = audiences.find("managers"), audiences.find("analysts")
    assert set(managers.tables) < set(analysts.tables)
    assert {"profile", "rfm", "timeline"} <= set(analysts.tables) - set(managers.tables)
    assert not {"contacts", "customers_src", "customers_std", "quarantine_raw", "identity_links"} & set(analysts.tables)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"tables": ["rfm"]}, "single persons"),
        ({"persons": True, "tables": ["contacts"]}, "contact data"),
        ({"tables": ["kpis"]}, "Did you mean 'kpi'"),
        ({"table": ["kpi"]}, "Did you mean 'tables'"),
        ({"includes": "everybody"}, "does not stand above"),
    ],
)
def test_a_list_that_shows_too_much_is_refused(spec, words):
    with pytest.raises(ConfigError, match=words):
        audiences.read({"managers": {"title": {}, **spec}})


def test_an_unknown_audience_names_the_near_miss():
    with pytest.raises(ConfigError, match="Did you mean 'managers'"):
        audiences.find("manager")


# the folder


@pytest.mark.parametrize(
    ("audience", "tables"), [("managers", {"dashboard_parts"}), ("analysts", {"dashboard_parts", "rfm"})]
)
def test_the_folder_holds_the_audiences_tables_and_no_other(published, audience, tables, monkeypatch):
    with folder.opened("sample", audiences.find(audience)) as place:
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        found = {path.stem for path in place.rglob("*.parquet")}
        assert found == tables
        text = "".join(path.read_text() for path in place.rglob("*.json"))
        assert base.PERSON not in text and "id_key" not in text and "records" not in text
        monkeypatch.setenv("CUSTOMERBASE_HOME", str(place / "home"))
        assert store.published_months("sample") == ["2026-09", "2026-10"]
        assert set(store.published_tables("sample", "2026-10")) == tables
    assert not place.exists()


def test_a_new_run_is_shown_whole_and_a_month_taken_back_is_gone(published):
    with folder.opened("sample", audiences.find("managers")) as place:
        runs, first = place / "home" / "data" / "runs" / "sample", folder.stamp(place / "home", "sample")
        assert folder.refresh("sample", audiences.find("managers"), place / "home") is False
        base.publish(published, "2026-10", run="run2")
        assert folder.stamp(place / "home", "sample") == first  # until refreshed
        assert folder.refresh("sample", audiences.find("managers"), place / "home") is True
        assert folder.stamp(place / "home", "sample") != first
        assert {path.name for path in (runs / "2026-10").iterdir()} == {"run1", "run2", "current.json"}
        assert json.loads((runs / "2026-10" / "current.json").read_text())["folder"] == "run2"
        base.publish(published, "2026-10", run="run3")
        (store.month_folder("sample", "2026-09") / "current.json").unlink()
        folder.refresh("sample", audiences.find("managers"), place / "home")
        assert {path.name for path in (runs / "2026-10").iterdir()} == {"run2", "run3", "current.json"}
        assert not (runs / "2026-09").exists()


def test_the_folder_of_a_killed_server_is_swept_away_and_a_living_ones_stays(published):
    with folder.opened("sample", audiences.find("managers")) as living:
        dead = published / "data" / "serving" / "sample-managers-dead"
        dead.mkdir()
        (dead / "lock").touch()
        with folder.opened("sample", audiences.find("analysts")) as other:
            assert living.exists() and other.exists() and not dead.exists()


def test_the_servers_environment_knows_the_audiences_folder_alone(published):
    service = settings.Service(published / "place", "sample", "managers")
    outer = {"PATH": "/bin", "CUSTOMERBASE_HOME": str(published), "CUSTOMERBASE_ID_KEY": "k" * 32, "AWS_SECRET": "s"}
    outer["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "local-provisioner"
    inner = command.environment(service, outer)
    assert inner["CUSTOMERBASE_HOME"] == str(published / "place" / "home")
    assert inner["PATH"] == "/bin" and inner["JUPYTER_DEFAULT_PROVISIONER_NAME"] == "local-provisioner"
    assert not {"CUSTOMERBASE_ID_KEY", "AWS_SECRET"} & inner.keys()
    assert {value for name, value in inner.items() if name == "HOME" or name.endswith("DIR")} == {
        str(published / "place" / "own")
    }


# who may come in


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "dashboards.example", ""])
def test_beyond_this_machine_only_with_a_login(published, ip, capsys):
    assert door.main(["serve", "sample", f"--ip={ip}"]) == 2
    assert "--password-file" in capsys.readouterr().err
    assert not list((published / "data").glob("serving/*"))


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_this_machine_alone_is_loopback(ip):
    assert command.is_loopback(ip)


def options(**given):
    made = {"password_file": None, "token_file": None, "identity_provider": None, "ip": "127.0.0.1", "kernels": 4}
    return SimpleNamespace(**{**made, "port": base.free_port(), **given})


def test_with_a_password_every_address_is_allowed(tmp_path):
    command.check(options(ip="0.0.0.0", password_file=base.password_file(tmp_path)))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_password_file_that_others_can_read_is_refused(tmp_path, mode):
    path = base.password_file(tmp_path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        command.check(options(password_file=path))


def test_a_password_in_clear_is_refused_and_not_repeated(tmp_path):
    path = tmp_path / "password"
    path.write_text("open sesame, my dear")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="--new-password") as refused:
        command.check(options(password_file=path))
    assert "sesame" not in str(refused.value)


def test_a_written_password_is_a_hash_in_a_file_of_its_owner(tmp_path):
    path = tmp_path / "password"
    visitors.write_password(path, base.PASSWORD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert base.PASSWORD not in path.read_text()
    provider = visitors.Visitors(hashed_password=visitors.password_hash(path))
    assert provider.passwd_check(base.PASSWORD) and not provider.passwd_check(base.PASSWORD + " ")
    with pytest.raises(ConfigError, match="there already"):
        visitors.write_password(path, base.PASSWORD)
    with pytest.raises(ConfigError, match="at least 12"):
        visitors.write_password(tmp_path / "other", "short")


def test_a_short_token_is_refused(tmp_path):
    path = tmp_path / "token"
    path.write_text("12345")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="5 characters"):
        command.check(options(token_file=path))


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere.Login", "cannot be imported"), ("pathlib.Path", "is no jupyter")]
)
def test_an_identity_provider_that_is_none_is_refused(name, words):
    with pytest.raises(ConfigError, match=words):
        command.check(options(ip="0.0.0.0", identity_provider=name))
    command.check(options(ip="0.0.0.0", identity_provider="jupyter_server.auth.IdentityProvider"))


def test_a_port_that_is_taken_is_named(published, capsys):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command.subprocess, "Popen", lambda *_, **__: pytest.fail("a server was started"))
        with base.socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            assert door.main(["serve", "sample", f"--port={taken.getsockname()[1]}"]) == 1
    assert "--port" in capsys.readouterr().err


def test_nothing_published_is_said_before_a_server_starts(home, capsys):
    assert door.main(["dashboard", "sample"]) == 1
    assert "make report PIPELINE=sample" in capsys.readouterr().err


def test_no_secret_stands_on_the_command_line(tmp_path):
    path = base.password_file(tmp_path)
    service = settings.Service(tmp_path, "sample", "managers", password_file=path)
    line = " ".join(command.arguments(service))
    assert str(path) in line and "argon2" not in line
    assert line.startswith(sys.executable)


def test_guessing_is_slowed_down_by_address():
    now = [0.0]
    brake = visitors.Brake(3, 60, lambda: now[0])
    for _ in range(3):
        assert not brake.refuses("a")
        brake.failed("a")
    assert brake.refuses("a") and not brake.refuses("b")
    now[0] = 59.9
    assert brake.refuses("a")
    now[0] = 60.1
    assert not brake.refuses("a")


# settings, templates, log


def test_every_setting_has_its_reason_and_the_dangerous_ones_are_off(tmp_path):
    made = settings.settings(settings.Service(tmp_path, "sample", "managers"))
    assert made.MappingKernelManager.allow_tracebacks is False
    assert made.VoilaConfiguration.file_allowlist == []
    assert made.VoilaConfiguration.allow_template_override == made.VoilaConfiguration.allow_theme_override == "NO"
    assert made.VoilaConfiguration.show_tracebacks is False
    assert made.MappingKernelManager.cull_idle_timeout >= 600
    assert made.Voila.config_file_paths == [] and made.Voila.port_retries == 0
    assert made.KernelManager.transport == "ipc"


def test_the_policy_allows_no_inline_script_no_eval_and_no_other_server():
    rules = dict(rule.split(" ", 1) for rule in settings.POLICY.split("; "))
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "http" not in settings.POLICY and "*" not in settings.POLICY


def test_no_template_names_another_server_or_holds_a_script_of_its_own():
    files = [*settings.TEMPLATES.iterdir(), *settings.STATIC.iterdir()]
    assert len(files) >= 8
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "//cdn" not in text and "http://" not in text and "https://" not in text, path
        for script in base.re.findall(r"<script[^>]*>", text):
            assert "src=" in script or 'type="application/' in script, (path, script)
        assert not base.re.search(r"\son[a-z]+=", text), path


def test_the_log_names_an_errors_kind_and_place_but_not_its_words():
    def record():
        try:
            raise ValueError(f"no order for {base.PERSON}")
        except ValueError:
            return logging.LogRecord("x", logging.ERROR, "f", 1, "cell %r", (base.PERSON,), sys.exc_info())

    made = record()
    assert logs.Discreet().filter(made) is True
    text = logging.Formatter().format(made)
    assert base.PERSON not in text
    assert "ValueError at " in text and "test_serving.py" in text


# preheated kernels


class Pool(Kernels):
    """Kernels that only exist in a list."""

    def __init__(self):
        super().__init__()
        self._pools, self.filled, self.stopped, self.alive = {"page": []}, [], [], set()

    def heat(self, name: str) -> None:
        done = asyncio.get_running_loop().create_future()
        done.set_result({"kernel_id": name, "task": asyncio.get_running_loop().create_future()})
        self.alive.add(name)
        self._pools["page"].append(done)

    def fill_if_needed(self, *, delay: float, notebook_name: str) -> None:
        self.filled.append(notebook_name)

    def __contains__(self, name: str) -> bool:
        return name in self.alive

    def __len__(self) -> int:
        return len(self.alive)

    async def shutdown_kernel(self, name: str, **_) -> None:
        self.stopped.append(name)
        self.alive.discard(name)


def test_a_preheated_kernel_of_an_older_month_is_thrown_away_and_one_of_this_month_kept():
    async def play():
        kernels = Pool()
        kernels.renew("october")
        kernels.heat("one")
        kernels.renew("october")
        assert [item.result()["kernel_id"] for item in kernels._pools["page"]] == ["one"]
        kernels.filled.clear()
        kernels.renew("november")
        assert kernels._pools["page"] == [] and kernels.filled == ["page"]
        await asyncio.gather(*kernels._discarding)
        assert kernels.stopped == ["one"]

    asyncio.run(play())


def test_a_preheated_kernel_that_could_not_start_is_no_kernel():
    async def play():
        kernels = Pool()
        kernels.renew("october")
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(HTTPError(503))
        kernels._pools["page"].append(failed)
        await kernels.expect("page")
        assert kernels._pools["page"] == []
        for name in range(kernels.limit):
            kernels.alive.add(name)
        with pytest.raises(HTTPError) as full:
            await kernels.expect("page")
        assert full.value.status_code == 503
        kernels.heat("one more")
        await kernels.expect("page")  # is there already, so needs no further place

    asyncio.run(play())


# widgets: what a browser sends


@pytest.fixture
def overview(published):
    page = Overview("sample")
    page.show()
    return page


def test_the_overview_holds_controls_of_fixed_choices_only(overview):
    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    kinds = {type(one) for one in walk(overview.show())}
    assert kinds <= {VBox, HBox, Box, HTML, Button, Dropdown, ToggleButtons}
    assert {Dropdown, ToggleButtons} <= kinds


@pytest.mark.parametrize(
    "forged",
    [
        {"index": 99},
        {"index": -1},
        {"index": "0; drop table kpi"},
        {"value": "../../../etc/passwd"},
        {"label": "x"},
        {"_options_labels": ["../../etc"]},
    ],
)
def test_a_forged_month_reaches_no_path(overview, forged, monkeypatch):
    asked = []
    monkeypatch.setattr(store, "published_tables", lambda pipeline, month: asked.append(month))
    with contextlib.suppress(TraitError, TypeError):
        overview.month_choice.set_state(forged)
    assert overview.month_choice.value in {"2026-09", "2026-10"}
    assert set(asked) <= {"2026-09", "2026-10"}


def test_a_value_that_is_not_among_the_months_is_not_read(overview, monkeypatch):
    monkeypatch.setattr(store, "published_tables", lambda *_: pytest.fail("a path was made of it"))
    overview.month_choice = SimpleNamespace(value="../../2026-10")
    overview.draw()
    overview.month_choice, overview.language_choice = (
        SimpleNamespace(value="2026-10"),
        SimpleNamespace(value="ja; drop"),
    )
    overview.draw()


def test_a_month_that_was_taken_back_is_said_in_words(overview, published):
    (store.month_folder("sample", "2026-09") / "current.json").unlink()
    overview.month_choice.value = "2026-09"
    assert "notice" in overview.page.children[0].value
