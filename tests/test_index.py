"""reports/index.html as runs write it: every month, its versions, its failures; one broken record hides no other."""

import json
import os

import pytest
import test_run

from customerbase import pipeline
from customerbase.errors import RunError
from customerbase.pipeline import index
from customerbase.tables import store

tiny = test_run.tiny  # the fixture


def listed(home, language="en"):
    return (home / "reports" / index.FILES[language]).read_text(encoding="utf-8")


def test_a_publication_lists_its_month_with_all_files(tiny):
    test_run.three_pages(tiny)
    folder = test_run.run_it(tiny).resolve()
    page = listed(tiny)
    assert "Tiny" in page
    assert "小" in listed(tiny, "ja")
    for file in (*folder.glob("report.*"), *folder.glob("notebooks/*.ipynb"), folder / "manifest.json"):
        assert f'href="{file.relative_to((tiny / "reports").resolve()).as_posix()}"' in page
    assert store.current("tiny", "2026-10")["run_id"] in page
    assert "Earlier versions" not in page


def test_what_is_published_alone_decides_the_bytes(tiny):
    test_run.three_pages(tiny)
    test_run.run_it(tiny)
    before = {name: (tiny / "reports" / name).read_bytes() for name in index.FILES.values()}
    index.write()
    assert before == {name: (tiny / "reports" / name).read_bytes() for name in index.FILES.values()}
    assert not list((tiny / "reports").glob("*.tmp"))


def test_a_month_published_again_keeps_its_earlier_version_in_the_list(tiny):
    test_run.three_pages(tiny)
    first = test_run.run_it(tiny).resolve()
    second = test_run.run_it(tiny, force=True).resolve()
    page = listed(tiny)
    assert "Earlier versions (1)" in page
    assert page.index(f"{second.name}/report.ja.html") < page.index(f"{first.name}/report.ja.html")


def test_a_failure_is_listed_until_the_month_is_mended(tiny):
    test_run.three_pages(tiny, second="raise ValueError('no')")
    with pytest.raises(RunError):
        test_run.run_it(tiny)
    assert 'href="tiny/2026-10/failed/02_b.ipynb"' in listed(tiny)
    test_run.three_pages(tiny)
    test_run.run_it(tiny)
    assert "/failed/" not in listed(tiny)


def test_a_published_month_that_fails_later_keeps_its_report_and_says_so(tiny):
    test_run.three_pages(tiny)
    good = test_run.run_it(tiny).resolve()
    test_run.three_pages(tiny, second="raise ValueError('no')")
    with pytest.raises(RunError):
        test_run.run_it(tiny)
    assert f"{good.name}/report.ja.html" in listed(tiny)
    assert "what is published stays" in listed(tiny)


def test_a_run_that_is_up_to_date_writes_a_list_that_is_missing_or_behind_and_leaves_any_other(tiny):
    test_run.three_pages(tiny)
    test_run.run_it(tiny)
    page, pointer = tiny / "reports" / "index.html", tiny / "data/runs/tiny/2026-10/current.json"
    whole = page.read_bytes()
    page.unlink()
    test_run.run_it(tiny)
    assert page.read_bytes() == whole
    page.write_text("killed before the list was written")
    os.utime(page, ns=(pointer.stat().st_mtime_ns,) * 2)
    test_run.run_it(tiny)
    assert page.read_bytes() == whole
    stamp = page.stat().st_mtime_ns
    test_run.run_it(tiny)
    assert page.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("broken", ["", "{}", "[1]", '{"pipeline": "tiny"}', "nonsense"])
def test_a_record_that_cannot_be_read_hides_no_other(tiny, broken):
    test_run.three_pages(tiny)
    pipeline.run(pipeline.make_plan("tiny", "2026-09", notebooks=tiny / "notebooks"), data_docs=False)
    manifest = store.published_run("tiny", "2026-09") / "manifest.json"
    about = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(broken)
    test_run.run_it(tiny)
    page = listed(tiny)
    assert "cannot be read" in page
    assert "Oct 2026" in page
    manifest.write_text(json.dumps(about))
    index.write()
    assert "cannot be read" not in listed(tiny)
