"""From one file of orders to a report: look, ask, write a pipeline that can be edited, run it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from customerbase.errors import InputError
from customerbase.i18n import check_language
from customerbase.periods import month_label, month_text, parse_month
from customerbase.pipeline.quickstart.afterwards import after
from customerbase.pipeline.quickstart.dialogue import BESIDE, PURCHASES, Say, accepted, confirmed, dated, refusal
from customerbase.pipeline.quickstart.writing import name_of, write
from customerbase.sources import doctor
from customerbase.sources.doctor import Diagnosis
from customerbase.sources.guess_month import newest_month, order_days
from customerbase.sources.guess_table import word
from customerbase.tables import store

__all__ = ["name_of", "quickstart", "refusal"]


def quickstart(
    files: Sequence[str | Path],
    *,
    month: str | None = None,
    language: str = "ja",
    yes: bool = False,
    out: Path | None = None,
    ask: Callable[[str], str] = input,
    say: Say = print,
) -> Path | None:
    """Guess what the files are, have it confirmed, write the pipeline, run it; returns the report (None: stopped).

    month: YYYY-MM, default the newest complete one in the data. yes: accept the guesses without asking. out: write the
    two pipeline files below this folder and do not run (returns the pipeline file). Existing files are kept beside.
    Raises InputError when no stage can use the files, in both languages, or when nobody can be asked.
    """
    check_language(language)
    say(word("step_read", language) + "\n")
    diagnoses = doctor.diagnose(files)
    say(doctor.describe(diagnoses, language) + "\n")
    if not any(dated(diagnosis) for diagnosis in diagnoses):
        raise InputError(refusal(diagnoses, language))
    agreed = accepted(diagnoses, language, say) if yes else confirmed(diagnoses, language, ask, say)
    if agreed is None:
        say(word("stopped", language))
        return None
    used = _useful(agreed, language, say)
    days = _days(used, language)
    chosen = _month(days, month, language, say)
    say("\n" + word("step_write", language) + "\n")
    name, path = write(used, (out or store.home()) / "pipelines", language, say)
    if out is not None:
        return path
    say("\n" + word("step_run", language, month=month_label(chosen, language)) + "\n")
    report = _run(name, month_text(chosen), language)
    say("\n" + word("done", language, path=str(report)))
    say(after(name, month_text(chosen), language))
    return report


def _useful(diagnoses: list[Diagnosis], language: str, say: Say) -> list[Diagnosis]:
    """The files a run can take, purchases first; the others are named and left out."""
    buying = [one for one in diagnoses if one.kind in PURCHASES and one.column("orders.order_at")]
    beside = [one for one in diagnoses if one.kind in BESIDE and doctor.has_key(one)]
    for one in diagnoses:
        if one not in buying and one not in beside:
            say(word("left_out", language, file=one.path.name))
    return buying + beside


def _days(diagnoses: Sequence[Diagnosis], language: str) -> Counter[date]:
    days: Counter[date] = Counter()
    for one in diagnoses:
        if one.kind in PURCHASES:
            days += order_days(one)
    if not days:
        one = diagnoses[0]
        raise InputError(word("no_dates", language, file=one.path.name, column=one.column("orders.order_at").name))
    return days


def _month(days: Counter[date], asked: str | None, language: str, say: Say) -> date:
    """The first day of the month to analyse, said with its reason."""
    first, last = min(days), max(days)
    if asked:
        month = parse_month(asked)
        if not any(parse_month(day) == month for day in days):
            raise InputError(word("month_outside", language, month=asked, first=first, last=last))
        say(word("month_given", language, month=month_label(month, language)))
        return month
    month, why, last = newest_month(days)
    say(word(why, language, month=month_label(month, language), last=last, newest=month_text(last)))
    return month


def _run(name: str, month: str, language: str) -> Path:
    """Run the pipeline; returns the report, or the folder it would stand in."""
    import customerbase.pipeline.run as run
    from customerbase.pipeline import make_plan  # the front door imports its own parts

    folder = run(make_plan(name, month, language=language), restate=True)  # the files were handed over to be used
    report = folder / f"report.{language}.html"
    return report if report.exists() else folder
