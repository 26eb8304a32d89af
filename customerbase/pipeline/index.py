"""reports/index.html: written anew from what is published, whenever a month is published or a run fails."""

import fcntl
import json
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb

from customerbase.engine import bind
from customerbase.errors import CustomerbaseError
from customerbase.report import ReportData
from customerbase.report.index import FILES, Link, Published, Shelf, Version, build, since
from customerbase.tables import store

_LIGHT = """
select language, content from read_parquet($path) where page = 'home' and name = 'light' order by language
"""
_KINDS = {"report.ja.html": "ja", "report.en.html": "en", "data_docs": "data_docs", "notebooks": "notebooks"}
UNREADABLE = (CustomerbaseError, OSError, ValueError, KeyError, TypeError, duckdb.Error)


def write() -> Path:
    """Write the page in both languages; returns the Japanese one. Two writers take turns, so that none lacks a month."""
    folder = store.home() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".index.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for language, text in build(shelves()).items():
            store.replace(folder / FILES[language], text)
    return folder / FILES["ja"]


def shelves() -> list[Shelf]:
    """The months of every pipeline of the home, by name of the pipeline, published or failed."""
    pipelines = {path.parent.parent.name for path in (store.home() / "data" / "runs").glob("*/*/current.json")}
    pipelines |= {path.parent.parent.name for path in (store.home() / "reports").glob("*/*/failed")}
    return [_shelf(name) for name in sorted(pipelines)]


def _shelf(pipeline: str) -> Shelf:
    failed = {path.parent.name for path in (store.home() / "reports" / pipeline).glob("*/failed")}
    months = sorted({*store.published_months(pipeline), *failed}, reverse=True)
    found = [_month(pipeline, month) for month in months]
    titles = [one.title for one in found if one.title]
    return Shelf(pipeline, titles[0] if titles else _named(pipeline), tuple(found))


def _named(pipeline: str) -> dict[str, str]:
    return {"ja": pipeline, "en": pipeline}


def _month(pipeline: str, month: str) -> Published:
    """A month as its published run has it; one that cannot be read is listed as such and hides no other."""
    failures = tuple(_link("notebooks", path) for path in sorted(_reports(pipeline, month).glob("failed/*.ipynb")))
    try:
        run = store.published_run(pipeline, month)
        return _read(run, month, failures) if run else Published(month, failed=failures)
    except UNREADABLE:
        return Published(month, failed=failures, readable=False)


def _read(run: Path, month: str, failures: tuple[Link, ...]) -> Published:
    about = store.manifest(run)
    data = figures(run, about)
    light = _light(run) if "dashboard_parts" in about["tables"] else {}
    shown = data if "kpi" in data.tables else None
    versions = (_version(run, about, shown), *_earlier(about["pipeline"], run))
    return Published(month, data.as_of, versions, light, shown, failures, title=about.get("title"))


def figures(run: Path, about: dict) -> ReportData:
    """The figures of a published run that two months, or two versions of one, are compared by."""
    pipeline, as_of = about["pipeline"], date.fromisoformat(about["as_of"])
    tables = {
        name: duckdb.read_parquet(str(run / "tables" / f"{name}.parquet"), connection=duckdb.connect()).df()
        for name in ("kpi", "revenue_tree")
        if name in about["tables"]
    }
    data = ReportData(
        about.get("title") or _named(pipeline), pipeline, as_of, tables, about["settings"], run_id=about["run_id"]
    )
    _ = data.changes  # a table that cannot be compared fails here, for its month alone
    return data


def _light(run: Path) -> dict[str, dict]:
    """The state of the month's data in words, as the month's report and dashboards show it."""
    path = str(run / "tables" / "dashboard_parts.parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(bind(_LIGHT, {"path": path})).fetchall()
    return {language: json.loads(content) for language, content in rows}


def _earlier(pipeline: str, run: Path) -> list[Version]:
    """What was published of the month before, the newest first; without reports nothing can be opened."""
    others = [other for other in store.versions(pipeline, run.parent.name) if other != run]
    found = [_version(other, about := store.manifest(other), _readable(other, about)) for other in others]
    return sorted(found, key=lambda version: (version.finished_at, version.run_id), reverse=True)


def _readable(run: Path, about: dict) -> ReportData | None:
    """None where they cannot be read, say because the version is from before a table had its form of today."""
    try:
        return figures(run, about) if "kpi" in about["tables"] else None
    except UNREADABLE:
        return None


def restated(about: dict, language: str) -> list[str]:
    """What the published run of a manifest has otherwise than the version it replaced, in sentences; [] where either cannot
    be read: the month is published all the same."""
    month = store.month_folder(about["pipeline"], about["month"])
    try:
        versions = [(run, store.manifest(run)) for run in (month / about["restates"], month / about["run_id"])]
    except UNREADABLE:
        return []
    return since(*(_version(run, told, _readable(run, told)) for run, told in versions), language)


def _version(run: Path, about: dict, data: ReportData | None) -> Version:
    folder = _reports(about["pipeline"], about["month"]) / run.name
    hashes = {name: facts["sha256"] for name, facts in about["tables"].items()}
    return Version(run.name, about["finished_at"], tuple(_links(folder)), data, hashes)


def _links(folder: Path) -> list[Link]:
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        kind = _KINDS.get(path.name) or {".pdf": "pdf", ".xlsx": "xlsx"}.get(path.suffix, "more")
        if kind == "notebooks":
            found += [_link(kind, notebook) for notebook in sorted(path.glob("*.ipynb"))]
        elif kind == "data_docs":
            found += [_link(kind, path / "index.html")] if (path / "index.html").is_file() else []
        elif path.is_file():
            found.append(_link(kind, path))
    return found


def _link(kind: str, path: Path) -> Link:
    return Link(kind, path.name, quote(path.relative_to(store.home() / "reports").as_posix()))


def _reports(pipeline: str, month: str) -> Path:
    return store.report_folder(pipeline, month)
