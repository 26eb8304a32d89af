"""What the monthly run prepared for the page: names, sentences of reasons, and where each number is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from customerbase import i18n


@dataclass(frozen=True)
class Terms:
    """The words of one month in one language; `told` is the part `terms` (customerbase.dashboards.customer)."""

    told: Mapping[str, object]
    as_of: date
    language: str

    @property
    def currency(self) -> str:
        """Currency of all money on the page."""
        return str(self.told["currency"])

    def word(self, key: str) -> str:
        """A word of this page."""
        return i18n.word(f"board_customer.{key}", self.language)

    def say(self, key: str, **values: object) -> str:
        """A sentence of this page."""
        return i18n.sentence(f"board_customer.{key}", self.language, **values)

    def code(self, group: str, code: str) -> str:
        """A code in words; one that has none stays as it is."""
        return i18n.word_or(f"board_customer.{group}.{code}", self.language, code)

    def segment(self, code: str) -> str:
        """A named segment."""
        return self.told["segments"].get(code, code)

    def rule(self, code: str) -> str:
        """A segment by rule."""
        return self.told["rules"].get(code, code)

    def reason(self, side: str, row: Mapping[str, object]) -> str:
        """A reason with the customer's own numbers; one that this month does not word stays as its code."""
        topic = self.told["reasons"].get(row["reason"])
        if topic is None:
            return str(row["reason"])
        values = (row["value_a"], row["value_b"])
        told = [
            i18n.measured(value, kind, self.language, currency=self.currency)
            for kind, value in zip(topic["kinds"], values, strict=False)
        ]
        return i18n.fill(topic[side], [*told, "", ""])

    def topic(self, code: str) -> str:
        """The topic of a reason by name."""
        return i18n.word_or(f"prediction.topic.{code}", self.language, code)

    def reasons(self, texts: list[str]) -> str:
        """Several reasons in one line."""
        return ("、" if self.language == "ja" else "; ").join(texts)

    def made(self, key: str) -> str:
        """Table and function behind a number."""
        return str(self.told["made"][key])

    def notebook(self, key: str) -> str:
        """The notebook that wrote it."""
        return f"notebooks/{self.told['notebooks'][key]}.ipynb"

    def money(self, value: object, **options: bool) -> str:
        """An amount."""
        return i18n.number(value, "money", self.language, currency=self.currency, **options)

    def rate(self, value: object) -> str:
        """A share or a probability."""
        return i18n.number(value, "rate", self.language)

    def span(self, low: object, high: object, unit: str) -> str:
        """An interval in short numbers; one of no width is none."""
        if i18n.missing(low) or i18n.missing(high):
            return i18n.MISSING
        ends = [i18n.number(end, unit, self.language, currency=self.currency) for end in (low, high)]
        return i18n.span(*ends, self.language) if ends[0] != ends[1] else i18n.MISSING

    def day(self, when: date, *, short: bool = False) -> str:
        """A day; short: without its year."""
        told = i18n.day(when, self.language)
        return told.replace(f"{when.year}年", "").replace(f" {when.year}", "") if short else told

    def caption(self, definition: str, n: int | None, key: str, interval: str = "") -> str:
        """'definition · n · interval · as-of date · table and function', as under every figure of the house."""
        parts = [
            definition,
            "" if n is None else i18n.sentence("chart.n", self.language, n=f"{n:,}"),
            interval and i18n.sentence("chart.interval", self.language, interval=interval),
            self.say("as_of", date=i18n.day(self.as_of, self.language)),
            self.made(key),
        ]
        return " · ".join(part for part in parts if part)
