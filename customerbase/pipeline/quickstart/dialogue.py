"""Asking: is the mapping right? Corrections are applied and shown until it is, or until the person stops."""

import re
import sys
from collections.abc import Callable, Sequence

from customerbase.errors import ConfigError, InputError
from customerbase.i18n import join
from customerbase.sources import doctor
from customerbase.sources.doctor import Diagnosis
from customerbase.sources.guess_headers import is_subscription_word
from customerbase.sources.guess_table import safe, word

PURCHASES = ("order_lines", "orders", "log")
BESIDE = ("customers", "products", "subscriptions")  # kinds that help next to purchases
_ANSWER = re.compile(r"(?:(\d{1,3})[.．])?(\d{1,4})\s*[=＝]\s*([^\s=]+)")
_YES, _NO = {"", "y", "yes", "ok", "はい", "ｙ"}, {"q", "quit", "n", "no", "やめる", "いいえ"}
Say = Callable[[str], object]


def accepted(diagnoses: list[Diagnosis], language: str, say: Say) -> list[Diagnosis]:
    """The diagnoses as they are. Raises InputError with the reason in both languages when no stage can use them."""
    if not usable(diagnoses):
        raise InputError(refusal(diagnoses, language))
    say(word("accepted", language))
    return diagnoses


def confirmed(diagnoses: list[Diagnosis], language: str, ask: Callable[[str], str], say: Say) -> list[Diagnosis] | None:
    """Ask until the mapping is accepted (the diagnoses) or given up (None); corrections are applied and shown.

    Raises InputError when there is nobody to ask.
    """
    if ask is input and not sys.stdin.isatty():
        raise InputError(word("no_terminal", language))
    say(word("step_confirm", language))
    say(word("how_to_answer", language) + ("\n" + word("how_to_answer_files", language)) * (len(diagnoses) > 1))
    while True:
        try:
            answer = ask(word("prompt", language)).strip()
        except EOFError:
            raise InputError(word("no_terminal", language)) from None
        if answer.casefold() in _NO:
            return None
        if answer.casefold() not in _YES:
            diagnoses = _answered(diagnoses, answer, language, say)
        elif usable(diagnoses):
            return diagnoses
        else:
            say(refusal(diagnoses, language).split("\n\n")[0])


def _answered(diagnoses: list[Diagnosis], answer: str, language: str, say: Say) -> list[Diagnosis]:
    """The diagnoses after one answer (`3=order_at`, `2.3=ignore`, several at once, `currency=GBP`, `?`)."""
    if answer in ("?", "？"):
        say(doctor.vocabulary(language))
        return diagnoses
    if money := re.fullmatch(r"(?:currency|通貨)\s*[=＝]\s*([A-Za-z]{3})", answer):
        return [doctor.in_currency(one, money[1].upper()) for one in diagnoses]
    found = list(_ANSWER.finditer(answer))
    if not found or _ANSWER.sub("", answer).strip(" ,、"):
        say(word("not_understood", language, answer=answer, hint=" " + word("how_to_answer", language)))
        return diagnoses
    changed = list(diagnoses)
    try:
        for match in found:
            place = int(match[1] or 1) - 1
            if not 0 <= place < len(changed):
                raise ConfigError(f"{match[1]}: 1–{len(changed)}")
            changed[place] = doctor.correct(changed[place], int(match[2]), match[3])
    except ConfigError as error:
        say(word("not_understood", language, answer=answer, hint=f" {error}"))
        return diagnoses
    say(doctor.describe(changed, language))
    return changed


def dated(diagnosis: Diagnosis) -> bool:
    """Whether any column holds dates (spreadsheet day numbers under a heading that says date included)."""
    return bool(diagnosis.candidates("orders.order_at")) or any(one.profile.kind == "date" for one in diagnosis.columns)


def usable(diagnoses: Sequence[Diagnosis]) -> bool:
    """Whether the files together tell who bought when for how much."""
    return any(
        one.kind in PURCHASES and one.column("orders.source_customer_id") and one.column("orders.order_at")
        for one in diagnoses
    )


def refusal(diagnoses: Sequence[Diagnosis], language: str) -> str:
    """Why no stage can use the files and what would help, in the reader's language first, then in the other."""
    order = [language, "en" if language == "ja" else "ja"]
    return "\n\n".join("\n".join(_refused(one, each) for one in diagnoses) for each in order)


def _refused(diagnosis: Diagnosis, language: str) -> str:
    file = diagnosis.path.name
    if diagnosis.kind in PURCHASES:
        return word("refuse_no_customer", language, file=file)
    if diagnosis.kind == "snapshot":
        told = [safe(column.name, 20) for column in diagnosis.columns if is_subscription_word(column.name)][:3]
        words = (f" ({', '.join(told)})" if language == "en" else f"（{'、'.join(told)}）") if told else ""
        return word("refuse_snapshot", language, file=file, words=words)
    if diagnosis.kind in BESIDE:
        return word(f"refuse_{diagnosis.kind}", language, file=file)
    parts = {
        "part_customer": bool(diagnosis.candidates("orders.source_customer_id")),
        "part_date": dated(diagnosis),
        "part_amount": bool(diagnosis.candidates("orders.total", "order_lines.amount")),
    }
    found, missing = (
        [word(key, language) for key, there in parts.items() if there is wanted] for wanted in (True, False)
    )
    nothing = [word("nothing", language)]
    return word(
        "refuse_unknown",
        language,
        file=file,
        found=join(found or nothing, language),
        missing=join(missing or nothing, language),
    )
