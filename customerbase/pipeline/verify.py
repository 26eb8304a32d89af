"""A published month rebuilt in a separate place from what it was made from, compared number by number, file by file."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

import customerbase.pipeline.archive as archive
import customerbase.pipeline.causes as causes
import customerbase.pipeline.materials as materials
from customerbase.engine import Engine
from customerbase.errors import CustomerbaseError, RunError
from customerbase.periods import month_text, parse_month
from customerbase.pipeline.contracts import Contract, read_contracts
from customerbase.pipeline.plan import default_month
from customerbase.pipeline.publish import shown
from customerbase.pipeline.rebuild import at_home, key_here, rebuild
from customerbase.stage import company
from customerbase.tables import schemas, store
from customerbase.tables.compare import compare, describe

NOT_COMPARED = ("notebooks/",)  # executed pages hold the times of their cells


@dataclass
class Findings:
    """What verify has to say: what differs, why it may, and what is good to know."""

    differences: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """One line each: differences; causes, which without a difference are only worth a note; notes."""
        why = "why" if self.differences else "note"
        told = [("differs", self.differences), (why, self.causes), ("note", self.notes)]
        return [f"  {word}: {_plain(line)}" for word, lines in told for line in lines]


@dataclass(frozen=True)
class Subject:
    """A published month to look at: its manifest and, where they are here, the folders of its tables and reports."""

    published: dict
    run: Path | None = None
    reports: Path | None = None


def verify(
    pipeline: str,
    month: str | None = None,
    *,
    data: str | None = None,
    notebooks: Path = store.ROOT / "notebooks",
    say: Callable[[str], None] = print,
) -> bool:
    """Whether a published month is what its archived inputs give, and its files are those that were published.

    Compared: every table, recorded number and published file, rebuilt; and what lies on disk today. Said with what
    differs: why it may (inputs, settings, code, versions, the month before, the key of the ids). What changed only
    since, such as today's raw files in `data` (the pipeline's own), is a note and no difference.
    Raises RunError when the month is not published.
    """
    contracts = read_contracts(notebooks)
    month = month_text(parse_month(month or default_month(contracts)))
    run = store.published_run(pipeline, month)
    if run is None:
        raise RunError(f"{pipeline} {month} is not published; run `make report` first.")
    subject = Subject(store.manifest(run), run, store.report_folder(pipeline, month) / run.name)
    folder = data_folder(pipeline, data)
    findings = Findings(tampered(subject))
    with archive.held():  # nothing of it is pruned meanwhile
        found = materials.find(subject.published, folder)
        look(subject, found, contracts, notebooks, findings)
        findings.notes += causes.today(subject.published, found, folder, contracts)
    return conclude(subject, findings, say)


def look(
    subject: Subject, found: materials.Materials, contracts: list[Contract], notebooks: Path, findings: Findings
) -> None:
    """Rebuild from the materials and add to the findings."""
    published = subject.published
    findings.differences += found.damaged
    findings.causes += [*found.replaced, *causes.made_otherwise(published, contracts), *_key(published)]
    findings.notes += [*found.notes, *causes.given(published, _parameters(found))]
    with tempfile.TemporaryDirectory(prefix="customerbase-verify-") as place:
        home = Path(place).resolve()
        try:
            rebuilt = rebuild(published, found, home, notebooks)
        except CustomerbaseError as error:
            findings.differences.append(f"it cannot be rebuilt: {error}")
            return
        with at_home(home):
            tables = store.published_tables(published["pipeline"], published["month"])
        findings.differences += [*_tables(subject, rebuilt, tables), *_records(published, rebuilt)]
        findings.differences += _reports(published, rebuilt)
        findings.causes += _what_was_done(subject, rebuilt, tables)
    if "reports" not in published:
        findings.notes.append("published before report files were hashed: they were not compared")


def conclude(subject: Subject, findings: Findings, say: Callable[[str], None]) -> bool:
    """Say everything, and whether all is equal."""
    for line in findings.lines():
        say(line)
    published = subject.published
    head = f"{published['pipeline']} {published['month']}"
    if count := len(findings.differences):
        say(f"{head}: {count} difference{'s' if count > 1 else ''}")
        return False
    numbers = sum(len(records) for records in published["records"].values())
    files = len(list(_compared(published.get("reports", {}))))
    say(f"{head}: all {len(published['tables'])} tables, {numbers} numbers and {files} published files equal")
    return True


def _plain(text: str) -> str:
    """Nothing that a terminal would obey: names come from files."""
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def data_folder(pipeline: str, data: str | None) -> Path | None:
    """Where the raw files stand today, as far as that is known."""
    try:
        return company.load(pipeline).data_folder(data)
    except CustomerbaseError:
        return Path(data).expanduser().resolve() if data else None


def _parameters(found: materials.Materials) -> dict[str, dict]:
    """The parameters that the pipeline's file of then states."""
    own = [path for name, path in found.configuration.items() if name.count("/") == 1]
    return (yaml.safe_load(own[0].read_text(encoding="utf-8")) or {}).get("parameters") or {} if own else {}


def _key(published: dict) -> list[str]:
    here = key_here()
    if not published.get("id_key") or here == published["id_key"]:
        return []
    if here:
        return ["the key of the ids is another one: new people get other ids"]
    return ["the key of the ids is not here (data/identity.key, to be brought by hand): new people get other ids"]


# --- what lies on disk ----------------------------------------------------------------------------------------------


def tampered(subject: Subject) -> list[str]:
    """Files of a published run that are not what was published, are gone, or were added."""
    published, run, reports = subject.published, subject.run, subject.reports
    tables = {f"{name}.parquet": facts["sha256"] for name, facts in published["tables"].items()}
    found = _differing(run / "tables", tables, "table")
    if "reports" in published:
        found += _differing(reports, published["reports"], "report file", beside={"manifest.json"})
        manifest = reports / "manifest.json"
        if not manifest.is_file() or manifest.read_text(encoding="utf-8", errors="replace") != shown(published):
            found.append("report file manifest.json: it is not the one that was published")
    return found


def _differing(folder: Path, expected: dict[str, str], what: str, beside: Iterable[str] = ()) -> list[str]:
    lines = []
    for name, digest in expected.items():
        path, shown_name = folder / name, name.removesuffix(".parquet")
        if not path.is_file():
            lines.append(f"{what} {shown_name}: the file on disk is gone")
        elif store.sha256(path) != digest:
            lines.append(f"{what} {shown_name}: the file on disk is not the one that was published")
    there = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())
    return lines + [f"{what} {name}: it was not published" for name in there if name not in {*expected, *beside}]


# --- what was rebuilt -----------------------------------------------------------------------------------------------


def _tables(subject: Subject, rebuilt: dict, paths: dict[str, Path]) -> list[str]:
    lines = []
    for table, facts in subject.published["tables"].items():
        again = rebuilt["tables"].get(table)
        if again is None:
            lines.append(f"table {table}: published {_short(facts)}, and no page writes it now")
        elif again != facts:
            whole = _on_disk(subject, table) == facts["sha256"]
            detail = _detail(subject, table, paths[table]) if whole else ""
            lines.append(f"table {table}: published {_short(facts)}, rebuilt {_short(again)}{detail}")
    return lines


def _on_disk(subject: Subject, table: str) -> str:
    """The SHA-256 of a published table as it lies on disk; "" without one."""
    path = subject.run / "tables" / f"{table}.parquet" if subject.run else None
    return store.sha256(path) if path and path.is_file() else ""


def _detail(subject: Subject, table: str, again: Path) -> str:
    if table not in schemas():
        return ""
    then = subject.run / "tables" / f"{table}.parquet"
    return f": {describe(compare(Engine(), schemas()[table], then, again))}"


def _what_was_done(subject: Subject, rebuilt: dict, paths: dict[str, Path]) -> list[str]:
    """Of tables that were changed on disk and rebuild as published: what the change was."""
    return [
        f"table {table} on disk against the rebuilt one{_detail(subject, table, paths[table])}"
        for table, facts in subject.published["tables"].items()
        if rebuilt["tables"].get(table) == facts and _on_disk(subject, table) not in ("", facts["sha256"])
    ]


def _short(facts: dict) -> str:
    return f"{facts['rows']:,} rows, {facts['sha256'][:12]}"


def _records(published: dict, rebuilt: dict) -> list[str]:
    lines = []
    for stage, records in published["records"].items():
        now = rebuilt["records"].get(stage, {})
        for name, value in records.items():
            if name not in now or type(now[name]) is not type(value) or now[name] != value:
                lines.append(f"number {stage}.{name}: {_difference(value, now.get(name))}")
    return lines


def _difference(then: object, now: object) -> str:
    """Numbers are shown; a recorded text may be anything."""
    told = ("nothing" if one is None else "a text" if isinstance(one, str) else f"{one}" for one in (then, now))
    return "published {}, rebuilt {}".format(*told)


def _compared(reports: dict) -> Iterable[str]:
    return (name for name in reports if not name.startswith(NOT_COMPARED))


def _reports(published: dict, rebuilt: dict) -> list[str]:
    if "reports" not in published:
        return []
    then, now = published["reports"], rebuilt["reports"]
    lines = [
        f"report file {name}: rebuilt with other bytes"
        for name in _compared(then)
        if now.get(name, then[name]) != then[name]
    ]
    lines += [f"report file {name}: no page publishes it now" for name in _compared(then) if name not in now]
    return lines + [
        f"report file {name}: rebuilt, but was not published" for name in _compared(now) if name not in then
    ]
