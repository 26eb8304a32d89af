"""One export: of a published month, for audiences and platforms, behind the gate, whole or not at all."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from customerbase import i18n
from customerbase.audiences import gate, offers, optouts, people
from customerbase.audiences.naming import Named, check_name
from customerbase.audiences.platforms import Listing, Platform, find, platforms
from customerbase.engine import Engine
from customerbase.errors import ConfigError, near_miss
from customerbase.periods import month_text, parse_month
from customerbase.pipeline.handover import register, removal, telling, writing
from customerbase.stage import company
from customerbase.tables import store

ROLE, KEEP_DAYS = "activation", 40
WORK, GONE = ".work-", ".gone-"


@dataclass(frozen=True)
class Request:
    """What is asked of an export; `at` is when the files leave, `audiences` and `platforms` may be empty (see plan)."""

    pipeline: str
    month: str
    at: datetime
    role: str | None = None
    audiences: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    opt_outs: tuple[str, ...] | None = None  # none given; an empty file says that nobody opted out
    format: str | None = None
    name: str | None = None
    recipient: str | None = None
    country: str | None = None
    keep_days: int = KEEP_DAYS
    key: bytes | None = None
    offers_in: str | None = None  # language of titles where lists tell what each person is offered


@dataclass(frozen=True)
class Made:
    """A file's entry in the register, and what became of its rows."""

    entry: dict
    drops: gate.Drops


def export(asked: Request) -> tuple[list[Made], dict[str, int]]:
    """Write the files of a published month's audiences; what was made, and counts of the opt-outs.

    Without platforms: the company's own lists (mail, sms, LINE messages, call, post); one that gets data is named. Without audiences:
    all, and those handed over before that are no more, whose people are to be removed. Raises ConfigError without the
    role and for a month that is not the newest, TableError for a month without audiences; then nothing was written.
    """
    if asked.role != ROLE:
        raise ConfigError(
            f"role is {asked.role!r}; contact data are joined for --role {ROLE} alone, by people who may hand them over."
        )
    if asked.name and len(asked.audiences) != 1:
        raise ConfigError(f"--name {asked.name!r} names one audience; give that one with --audience.")
    company.load(asked.pipeline)
    month = month_text(parse_month(asked.month))
    tables, about = store.published_tables(asked.pipeline, month), store.current(asked.pipeline, month)
    if month != (newest := store.published_months(asked.pipeline)[-1]):
        raise ConfigError(
            f"month is {month}, but {newest} is published, which knows who opted out since. Export that one."
        )
    with register.held(asked.pipeline):
        recover(asked.pipeline)
        db = Engine()
        people.prepare(db, tables)
        if asked.offers_in:
            offers.prepare(db, tables, asked.offers_in)
        counts = optouts.register(db, list(asked.opt_outs or ()))
        made = [_one(db, asked, about, *one) for one in _plan(db, asked)]
    return [one for one in made if one], counts


def _plan(db: Engine, asked: Request) -> list[tuple[str, Platform, Listing]]:
    """Which audience goes to which list of which platform."""
    chosen = [find(one) for one in asked.platforms] or [one for one in platforms().values() if one.own]
    if asked.offers_in and not any(listing.offers for one in chosen for listing in one.lists.values()):
        able = [one.name for one in platforms().values() if any(listing.offers for listing in one.lists.values())]
        raise ConfigError(
            f"--with-offers: {', '.join(one.name for one in chosen)} takes no offers; expected {', '.join(able)}."
        )
    has = set(db.connection.execute("select distinct audience, channel from audience_members").fetchall())
    past = register.entries(asked.pipeline)
    known = {audience for audience, _ in has} | {one["audience"] for one in past if one["kind"] == "export"}
    for one in asked.audiences:
        if one not in known:
            raise ConfigError(
                f"no audience {one!r} in this month; expected one of {', '.join(sorted(known)) or 'none'}.{near_miss(one, known)}"
            )
    lists = {(one["audience"], one["platform"], one["list"]) for one in past if one["kind"] == "export"}
    before = {(audience, platform) for audience, platform, _ in lists}
    return [
        (audience, platform, listing.with_offers() if asked.offers_in else listing)
        for audience in sorted(asked.audiences or known)
        for platform in chosen
        if (audience, platform.channel) in has or (audience, platform.name) in before
        for listing in platform.lists.values()
        if people.known(db, listing) or (audience, platform.name, listing.name) in lists
    ]


def _one(db: Engine, asked: Request, about: dict, audience: str, platform: Platform, listing: Listing) -> Made | None:
    named, form = check_name(platform, asked.name or audience), writing.form_of(platform, asked.format)
    past = [
        one
        for one in register.entries(asked.pipeline)
        if one["kind"] == "export"
        and (one["audience"], one["platform"], one["list"]) == (audience, platform.name, listing.name)
    ]
    before = removal.held_before(past, platform.lists[listing.name], asked.key)
    drops = gate.select(db, audience, platform, listing, at=asked.at, form=form.format)
    if not drops.rows_in and before is not None and not len(before):
        return None  # an audience of long ago, removed everywhere
    refused = drops.rows_out < platform.minimum
    if refused:
        db.connection.execute("delete from leaving")
    removed = None if before is None else removal.make(db, before, listing, table="leaving")
    number = f"{1 + sum(one['kind'] == 'export' for one in register.entries(asked.pipeline)):05d}"
    entry = _entry(asked, about, audience, platform, listing, named, drops)
    entry |= {"id": number, "refused": refused, "removed": removed, "form": asdict(form)}
    work = _folder(asked.pipeline, about["month"]) / f"{WORK}{number}"
    with _private(work):
        entry["files"] = list(_files(db, platform, listing, form, named, removed, work, asked.key))
        made = Made(entry, drops)
        for language in i18n.LANGUAGES:
            _write(work / f"report.{language}.txt", "\n".join([*telling.report(entry, drops, language), ""]))
        store.sync(work)
        register.append(asked.pipeline, entry)
    _finish(work, number)
    return made


def _files(
    db: Engine, platform: Platform, listing: Listing, form: writing.Form, named: Named, removed: int | None,
    work: Path, key: bytes | None,
) -> Iterator[dict]:  # fmt: skip
    stem = "-".join([platform.name, listing.name, re.sub(r"[^\w-]+", "-", named.neutral)[:60]])
    parts = [("leaving", stem, writing.LIST)] + ([("removal", f"{stem}-remove", writing.REMOVAL)] if removed else [])
    for table, name, kind in parts:
        yield from writing.write(
            db, table, gate.cells(listing), listing.headers, form, platform, place=work, stem=name, kind=kind, key=key
        )


def _entry(
    asked: Request, about: dict, audience: str, platform: Platform, listing: Listing, named: Named, drops: gate.Drops
) -> dict:
    """The line of the register, but for files: counts and hashes, nothing of a person."""
    return {
        "kind": "export",
        "id": "",
        "at": asked.at.isoformat(timespec="seconds"),
        "pipeline": asked.pipeline,
        "month": about["month"],
        "run_id": about["run_id"],
        "as_of": about["as_of"],
        "audience": audience,
        "name": named.neutral,
        "hints": list(named.hints),
        "platform": platform.name,
        "list": listing.name,
        "offers": bool(asked.offers_in and listing.offers),
        "title": dict(platform.title),
        "recipient": asked.recipient or platform.recipient,
        "country": asked.country or platform.country,
        "channel": platform.channel,
        "basis": dict(drops.basis),
        "rule": {"version": platform.version, "sha256": platform.digest},
        "minimum": platform.minimum,
        "opt_outs": None if asked.opt_outs is None else len(asked.opt_outs),
        "counts": {"rows_in": drops.rows_in, **drops.fates, "rows_out": drops.rows_out},
        "reasons": dict(drops.reasons),
        "keep_until": str((asked.at + timedelta(days=asked.keep_days)).date()),
    }


# --- folders of their owner alone -----------------------------------------------------------------------------------


def _folder(pipeline: str, month: str) -> Path:
    folder = store.report_folder(pipeline, month) / "audiences"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


class _private:
    """A new folder of mode 700, gone again when the block fails."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=0o700)

    def __exit__(self, kind, *_) -> None:
        if kind:
            shutil.rmtree(self.path, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _finish(work: Path, number: str) -> None:
    os.replace(work, work.with_name(number))
    store.sync(work.parent)


def recover(pipeline: str) -> None:
    """What a killed export left: with a line in the register it gets its name, without one it goes."""
    known = {one["id"] for one in register.entries(pipeline) if one["kind"] == "export"}
    for left in (store.home() / "reports" / pipeline).glob(f"*/audiences/{WORK}*"):
        number = left.name.removeprefix(WORK)
        if number in known:
            _finish(left, number)
        else:
            shutil.rmtree(left)
    for left in (store.home() / "reports" / pipeline).glob(f"*/audiences/{GONE}*"):
        shutil.rmtree(left)


def purge(pipeline: str, at: datetime) -> tuple[list[dict], list[dict]]:
    """Remove the files whose time is over and register that; the entries, and which were the newest of their list."""
    with register.held(pipeline):
        recover(pipeline)
        found = [one for one in register.entries(pipeline) if one["kind"] == "export"]
        newest = {(one["audience"], one["platform"], one["list"]): one["id"] for one in found if one["files"]}
        over = [one for one in found if one["keep_until"] < str(at.date()) and removal.folder_of(one).is_dir()]
        for one in over:
            folder = removal.folder_of(one)
            gone = folder.with_name(GONE + folder.name)
            os.replace(folder, gone)
            shutil.rmtree(gone)
        if over:
            line = {"kind": "purge", "at": at.isoformat(timespec="seconds"), "ids": [one["id"] for one in over]}
            register.append(pipeline, line)
    return over, [one for one in over if one["id"] in newest.values()]
