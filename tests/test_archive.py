"""What a month was made from, kept under its hash: whole or not at all, removed when no kept month needs it."""

import os
import shutil
import stat
import threading

import pytest
import run_base
from run_base import archived, plan_of, put_raw, raw_page, run_it, settings, verified

from customerbase import pipeline
from customerbase.errors import ConfigError, RunError
from customerbase.pipeline import archive
from customerbase.tables import store

tiny, in_process = run_base.tiny, run_base.in_process


@pytest.fixture
def shop(tiny, in_process):
    """The tiny pipeline with a page that reads one raw file."""
    raw_page(tiny)
    put_raw(tiny, "stores_1.csv", "S1", "S22")
    return tiny


def publish(home, month):
    pipeline.run(pipeline.make_plan("tiny", month, notebooks=home / "notebooks"), data_docs=False)
    return store.current("tiny", month)


def test_inputs_and_configuration_stand_under_their_hashes_for_their_owner_alone(shop):
    about = publish(shop, "2026-10")
    configured = {"pipelines/tiny.yaml", "pipelines/sources/none.yaml"}
    assert about["inputs"].keys() == {"stores_1.csv"} and about["configuration"].keys() == configured
    expected = {name: shop / name for name in configured}
    for name, path in expected.items():
        assert archive.place(about["configuration"][name]).read_bytes() == path.read_bytes()
    raw = archive.place(about["inputs"]["stores_1.csv"]["sha256"])
    assert raw.read_bytes() == (shop / "raw" / "stores_1.csv").read_bytes() and not raw.is_symlink()
    assert {path.name for path in archived(shop)} == archive.named(about) and len(archived(shop)) == 3
    for path in archived(shop):
        assert path.name == store.sha256(path) and stat.S_IMODE(path.stat().st_mode) == 0o400
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.folder().stat().st_mode) == 0o700


def test_equal_files_of_several_months_stand_once(shop):
    publish(shop, "2026-09")
    before = {path: path.stat().st_mtime_ns for path in archived(shop)}
    publish(shop, "2026-10")
    assert {path: path.stat().st_mtime_ns for path in archived(shop)} == before


def test_a_link_costs_nothing_and_a_copy_stands_in_where_there_are_none(shop, monkeypatch):
    settings(shop, archive={"inputs": "link"})
    raw = shop / "raw" / "stores_1.csv"
    raw.chmod(0o644)
    digest = publish(shop, "2026-10")["inputs"]["stores_1.csv"]["sha256"]
    assert archive.place(digest).samefile(raw) and stat.S_IMODE(raw.stat().st_mode) == 0o644

    def refuse(*_):
        raise OSError("another file system")

    archive.place(digest).unlink()
    monkeypatch.setattr(archive.os, "link", refuse)
    archive.keep(plan_of(shop))
    assert archive.sound(digest) and not archive.place(digest).samefile(raw)


@pytest.mark.parametrize("way", ["off", False])
def test_off_keeps_the_configuration_only(shop, way):
    settings(shop, archive={"inputs": way})
    about = publish(shop, "2026-10")
    assert about["archive"] == "off"
    assert {path.name for path in archived(shop)} == set(about["configuration"].values())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"inputs": "copies"}, "archive.inputs is 'copies'; expected one of copy, link, off. Did you mean 'copy'"),
        ({"input": "copy"}, "unknown key 'input'.*Did you mean 'inputs'"),
        ({"months": 0}, "archive.months is 0; expected a whole number of months from 1 on"),
        ({"months": True}, "archive.months is True"),
        ({"months": "12"}, "archive.months is '12'"),
    ],
)
def test_what_cannot_be_is_one_clear_error(shop, given, words):
    settings(shop, archive=given)
    with pytest.raises(ConfigError, match=rf"tiny\.yaml: archive.*{words}".replace("archive.*archive", "archive")):
        plan_of(shop)


def test_how_inputs_are_kept_changes_no_result(shop):
    before = plan_of(shop).run_id
    settings(shop, archive={"inputs": "link", "months": 3})
    assert plan_of(shop).run_id == before


# --- files that change while a month runs ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["raw/stores_1.csv", "pipelines/tiny.yaml", "pipelines/sources/none.yaml"])
@pytest.mark.parametrize("way", ["copy", "link"])
def test_a_file_that_changes_while_the_month_runs_stops_the_publication(shop, name, way):
    settings(shop, archive={"inputs": way})
    plan = plan_of(shop)
    (shop / name).write_text((shop / name).read_text() + "\n# x\n")
    with pytest.raises(RunError, match=r"changed while the month ran; nothing was published\. Start again"):
        pipeline.run(plan, data_docs=False)
    assert store.current("tiny", "2026-10") is None
    assert not [path for path in archived(shop) if path.name.startswith(".") or path.name != store.sha256(path)]


@pytest.mark.parametrize("name", ["tiny.yaml", "sources/none.yaml"])
def test_a_setting_that_goes_while_the_month_runs_stops_the_publication(shop, name):
    plan = plan_of(shop)
    (shop / "pipelines" / name).unlink()
    with pytest.raises(RunError, match=rf"pipelines/{name} changed while the month ran"):
        archive.keep(plan)
    assert archived(shop) == []


def test_a_raw_file_that_goes_while_the_month_runs_stops_the_publication(shop):
    plan = plan_of(shop)
    pipeline.run(plan, data_docs=False)
    archive.place(plan.inputs["stores_1.csv"]["sha256"]).unlink()
    (shop / "raw" / "stores_1.csv").unlink()
    with pytest.raises(RunError, match=r"stores_1\.csv changed while the month ran"):
        archive.keep(plan)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_cut_off_at_any_step_nothing_half_written_has_a_final_name(shop, monkeypatch, step):
    plan, real, calls = plan_of(shop), getattr(os, step), []
    for stop in range(1, 20):
        shutil.rmtree(archive.folder(), ignore_errors=True)
        calls.clear()

        def cut(*arguments, stop=stop):
            calls.append(arguments)
            if len(calls) == stop:
                raise SystemExit("killed")
            return real(*arguments)

        monkeypatch.setattr(os, step, cut)
        try:
            archive.keep(plan)
            finished = True
        except SystemExit:
            finished = False
        finally:
            monkeypatch.setattr(os, step, real)
        final = [path for path in archived(shop) if not path.name.startswith(".")]
        assert all(store.sha256(path) == path.name for path in final)
        if finished:
            break
    assert finished and stop > 3 and len(final) == 3


def test_what_a_kill_left_is_written_again(shop):
    """A half-written draft, as a power cut leaves it, is in nobody's way, and `prune` sweeps it up."""
    digest = plan_of(shop).inputs["stores_1.csv"]["sha256"]
    draft = archive.place(digest).with_name(f".{digest}.{os.getpid()}.tmp")
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"i")
    run_it(shop)
    assert archive.sound(digest) and not draft.exists()
    other = draft.with_name(f".{digest}.1.tmp")
    other.write_bytes(b"i")
    assert archive.prune("tiny").files == 1 and not other.exists() and archive.sound(digest)


# --- retention ------------------------------------------------------------------------------------------------------


def months(home):
    """Three months: a file of all, one that August and September had, one for each."""
    said = {}
    for month, names in (("2026-08", "ab"), ("2026-09", "b"), ("2026-10", "c")):
        for old in home.glob("raw/*"):
            old.unlink()
        put_raw(home, "stores_all.csv", "S1")
        for name in names:
            put_raw(home, f"stores_{name}.csv", f"S-{name}")
        said[month] = publish(home, month)
    return said


def raw_of(about, name):
    return archive.place(about["inputs"][f"stores_{name}.csv"]["sha256"])


def test_prune_keeps_what_a_kept_month_needs(shop):
    settings(shop, archive={"months": 2})
    said = months(shop)
    told = archive.prune("tiny", dry_run=True)
    assert told == archive.Pruned(("2026-08",), 1, len("id\nS-a\n")) and raw_of(said["2026-08"], "a").is_file()
    assert archive.prune("tiny") == told
    assert not raw_of(said["2026-08"], "a").exists()
    assert raw_of(said["2026-08"], "b").is_file()  # September needs it
    assert verified(shop, "2026-09")[0] and verified(shop, "2026-10")[0]
    assert archive.prune("tiny") == archive.Pruned(("2026-08",), 0, 0)
    assert all(archive.sound(digest) for digest in said["2026-08"]["configuration"].values())
    equal, lines = verified(shop, "2026-08")
    assert not equal and any("raw file stores_a.csv is gone, from the archive" in line for line in lines)


def test_prune_without_a_number_of_months_removes_what_nobody_names(shop):
    said = months(shop)
    assert archive.prune("tiny") == archive.Pruned((), 0, 0)
    stray = archive.place("ab" * 32)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"left by a publication that was cut off")
    assert archive.prune("tiny").files == 1 and not stray.exists()
    assert archive.prune("tiny", months=1).months == ("2026-08", "2026-09")
    assert raw_of(said["2026-10"], "c").is_file() and not raw_of(said["2026-09"], "b").exists()


def test_prune_keeps_what_another_pipeline_needs(shop):
    said = months(shop)
    text = (shop / "pipelines" / "tiny.yaml").read_text()
    (shop / "pipelines" / "other.yaml").write_text(text)
    put_raw(shop, "stores_a.csv", "S-a")
    pipeline.run(pipeline.make_plan("other", "2026-10", notebooks=shop / "notebooks"), data_docs=False)
    archive.prune("tiny", months=1)
    assert raw_of(said["2026-08"], "a").is_file()
    assert not raw_of(said["2026-08"], "b").exists()


def test_prune_waits_for_a_publication(shop):
    publish(shop, "2026-10")
    done = threading.Event()
    with archive.held():
        thread = threading.Thread(target=lambda: (archive.prune("tiny"), done.set()))
        thread.start()
        assert not done.wait(0.3)
    thread.join(20)
    assert done.is_set()
