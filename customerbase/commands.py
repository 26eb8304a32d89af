"""The commands that a scheduler calls: run, status, prune. What they return to the shell stands in docs/unattended.md."""

import argparse
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from customerbase.errors import BusyError, CustomerbaseError, RunError

DONE, FAILED, REFUSED, BUSY, UNTOLD = range(5)  # exit status


def code(error: CustomerbaseError) -> int:
    """The exit status of an error."""
    return BUSY if isinstance(error, BusyError) else FAILED if isinstance(error, RunError) else REFUSED


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which pipeline and month: of run and verify."""
    parser.add_argument("pipeline", nargs="?", default="sample", help="a file of pipelines/ (sample)")
    parser.add_argument("--month", default=None, help="YYYY-MM (the sample company's newest)")
    parser.add_argument("--data", default=None, help="folder of the raw files")
    parser.add_argument("--language", default=None, choices=("ja", "en"))
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.NAME=VALUE", help="override a parameter")


def add_run(parser: argparse.ArgumentParser) -> None:
    """The options of run."""
    add_options(parser)
    parser.add_argument("--from", dest="first", default=None, metavar="YYYY-MM", help="a row of months, from this one")
    parser.add_argument(
        "--to", dest="last", default=None, metavar="YYYY-MM", help="to this one (the newest whole month)"
    )
    parser.add_argument(
        "--catch-up", action="store_true", help="the months since the first published one that are missing"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and why; start nothing")
    parser.add_argument(
        "--restate", action="store_true", help="make published months anew from changed raw files; both versions stay"
    )
    parser.add_argument(
        "--until", default=None, metavar="STAGE", help="this stage and what it reads from; publish nothing"
    )
    parser.add_argument("--force", action="store_true", help="execute every stage again")
    parser.add_argument("--no-data-docs", action="store_true", help="leave out the pages of Great Expectations")
    parser.add_argument("--jobs", type=int, default=None, help="stages side by side (2)")
    parser.add_argument("--memory-gb", type=float, default=None, help="what stages side by side may hold together")
    parser.add_argument("--stage-minutes", type=float, default=None, help="a stage that takes longer is stopped")
    parser.add_argument("--stage-memory-gb", type=float, default=None, help="a stage that holds more is stopped")
    parser.set_defaults(command=run)


def add_status(parser: argparse.ArgumentParser) -> None:
    """The options of status."""
    parser.add_argument("pipeline", nargs="?", default=None, help="a file of pipelines/ (all that were run)")
    parser.add_argument("--check", action="store_true", help="compare every published table with what was published")
    parser.set_defaults(command=status)


def add_prune(parser: argparse.ArgumentParser) -> None:
    """The options of prune."""
    parser.add_argument("pipeline", nargs="?", default="sample", help="a file of pipelines/ (sample)")
    parser.add_argument("--keep", type=int, default=None, metavar="VERSIONS", help="of each month (3)")
    parser.add_argument("--dry-run", action="store_true", help="say what would go; remove nothing")
    parser.set_defaults(command=prune)


def newest_month() -> date:
    """The first day of the newest month that has ended."""
    return (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)  # noqa: DTZ011 - only to refuse an unfinished month


def plan_of(options, month: str | None = None):
    """The plan of one month."""
    from customerbase.pipeline import make_plan

    make_sample_if_missing(options)
    return make_plan(
        options.pipeline,
        month or options.month,
        data=options.data,
        language=options.language,
        overrides=options.set,
        latest_month=newest_month(),
    )


def make_sample_if_missing(options) -> None:
    """Generate the sample company when its pipeline is wanted and there are no files yet."""
    from customerbase.stage import company
    from customerbase.tables import store

    folder = store.home() / company.load(options.pipeline).data
    if options.pipeline == "sample" and options.data is None and not folder.exists():
        print("generating the sample company (5,000 people, 24 months) …", file=sys.stderr)
        from customerbase import sample

        sample.generate(5000, seed=1, months=24, out=folder)


def run(options) -> int:
    """Run one month, or several one after the other, since each looks back at the one before."""
    from customerbase.pipeline.settings import read_settings
    from customerbase.stage import company

    found = company.load(options.pipeline)
    settings = read_settings(found.run, found.path.name)
    how = settings.how(vars(options))
    how |= {"force": options.force, "restate": options.restate, "data_docs": not options.no_data_docs}
    months = _months(options)
    if not months:
        print(f"{options.pipeline}: no month is missing", file=sys.stderr)
        return DONE
    if options.dry_run:
        return _preview(options, months, how)
    told = True
    for month, after in zip(months, [*months[1:], None], strict=True):
        told = _one(options, settings, how, month, after) and told
    return DONE if told else UNTOLD


def _months(options) -> list[str | None]:
    from customerbase.errors import ConfigError
    from customerbase.pipeline import backfill
    from customerbase.tables import store

    chosen = [bool(options.month), bool(options.first or options.last), options.catch_up]
    if sum(chosen) > 1 or (options.last and not options.first):
        raise ConfigError("say --month, or --from with or without --to, or --catch-up; one of the three.")
    if options.until and not options.month:
        raise ConfigError("--until needs --month: a stage is done for one month.")
    if options.catch_up:
        months = backfill.missed(options.pipeline, newest_month())
    elif options.first:
        months = backfill.row(options.first, options.last, newest_month())
        if not (options.restate or options.force):
            there = set(store.published_months(options.pipeline))
            if stay := sorted(there.intersection(months)):
                print(f"{options.pipeline}: published, and stay as they are: {', '.join(stay)}", file=sys.stderr)
            months = [month for month in months if month not in there]
    else:
        return [options.month]
    for month in months[:1]:
        if later := [one for one in backfill.later_published(options.pipeline, month) if one not in months]:
            print(
                f"{options.pipeline}: made without {month}, and stay as they are: {', '.join(later)}", file=sys.stderr
            )
    return months


def _preview(options, months: list[str | None], how: dict) -> int:
    from customerbase.pipeline.outcome import How
    from customerbase.pipeline.preview import preview

    for month in months:
        print("\n".join(preview(plan_of(options, month), How(**how))))
    return DONE


def _one(options, settings, how: dict, month: str | None, after: str | None) -> bool:
    """Run one month and tell of it; whether everybody was told. Raises what the run raised, after telling of it."""
    from customerbase.pipeline import run as run_plan
    from customerbase.pipeline.progress import Progress

    plan = plan_of(options, month)
    ahead = plan_of(options, after) if after and how["jobs"] > 1 else None
    started = time.monotonic()
    try:
        folder = run_plan(plan, progress=Progress(), ahead=ahead, until=options.until, **how)
    except BusyError:
        raise  # the run that holds the lock tells of itself
    except RunError as error:
        _tell(settings, plan, "failed", time.monotonic() - started, str(error))
        raise
    if options.until:
        print(f"stage: {near(folder)}")
        return True
    report = folder / f"report.{plan.language}.html"
    print(f"report: {near(report if report.exists() else folder)}")
    return _tell_published(settings, plan, time.monotonic() - started)


def _tell_published(settings, plan, seconds: float) -> bool:
    from customerbase.tables import store

    about = store.current(plan.company.name, plan.month)
    if about["run_id"].partition("-")[0] != plan.run_id:  # forced again, the same run has a number behind its id
        return _tell(settings, plan, "stands", seconds)
    headline = next((one["headline"] for one in about["records"].values() if "headline" in one), "")
    return _tell(settings, plan, "published", seconds, headline=headline, restated=_restated(about, plan.language))


def _restated(about: dict, language: str) -> tuple[str, ...]:
    """What a month made anew has otherwise than the version it replaced; () for a month published for the first time."""
    if not about["restates"]:
        return ()
    from customerbase.pipeline import index  # takes two seconds, and most months are published once

    return tuple(index.restated(about, language))


def _tell(
    settings, plan, status: str, seconds: float, cause: str = "", headline: str = "", restated: tuple[str, ...] = ()
) -> bool:
    from customerbase.pipeline.journal import Journal, path
    from customerbase.pipeline.notify import Message, tell

    name, month, language = plan.company.name, plan.month, plan.language
    link = f"{settings.link.rstrip('/')}/{name}/{month}/latest/report.{language}.html" if settings.link else ""
    title = plan.company.title[language]
    message = Message(
        name, title, month, status, plan.run_id, headline, link, cause, language, round(seconds, 1), restated
    )
    failures = tell(settings.notify, message)
    journal = Journal(path(name), pipeline=name, month=month, run_id=plan.run_id)
    for failure in failures:
        print(f"customerbase: {failure}", file=sys.stderr)
        journal.write("untold", cause=failure)
    return not failures


def status(options) -> int:
    """Say where pipelines stand; 1 when something is missing, damaged or failed."""
    from customerbase.pipeline import status as about

    well = True
    for name in [options.pipeline] if options.pipeline else about.names():
        lines, fine = about.status(name, newest_month(), check=options.check)
        print("\n".join(lines))
        well = well and fine
    return DONE if well else FAILED


def prune(options) -> int:
    """Remove old versions, or say which would go."""
    from customerbase.pipeline import archive, retention
    from customerbase.pipeline.settings import read_settings
    from customerbase.stage import company

    found = company.load(options.pipeline)
    keep = options.keep or read_settings(found.run, found.path.name).keep_versions or retention.KEEP
    gone = (retention.removable if options.dry_run else retention.prune)(options.pipeline, keep)
    old = archive.prune(options.pipeline, dry_run=options.dry_run)
    for one in gone:
        print(f"{'would go' if options.dry_run else 'gone'}: {one.what} {near(one.path)} ({one.size / 2**20:,.1f} MiB)")
    print(f"{len(gone)} folders, {sum(one.size for one in gone) / 2**20:,.1f} MiB")
    what = f"inputs of {len(old.months)} old months" if old.months else "no month's inputs"
    print(f"archive: {what}, {old.files} files, {old.bytes / 2**20:,.1f} MiB")
    return DONE


def near(path: Path) -> str:
    """A path as somebody standing here would type it."""
    path = Path(path).absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
