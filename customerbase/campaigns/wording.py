"""How numbers of campaigns are said: effects per 1,000 people, money, returns, in one language and currency."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from customerbase import i18n

PER = 1000  # people that an effect is told for
UNITS = {"visits": "number", "customers": "people", "orders": "orders", "revenue": "money", "margin": "money"}
CHANNELS = ("email", "line", "push", "sms", "post", "phone", "web", "store", "other")


@dataclass(frozen=True)
class Words:
    """How numbers of campaigns are said: language, currency, and the people below which nothing is told."""

    language: str
    currency: str = "JPY"
    k_min: int = 10

    def word(self, key: str) -> str:
        """A word of the block `effects`."""
        return i18n.word(f"effects.{key}", self.language)

    def say(self, key: str, **values: object) -> str:
        """A sentence of the block `effects`."""
        return i18n.sentence(f"effects.{key}", self.language, **values)

    def per_thousand(self, value: object, outcome: str) -> str:
        """An effect per person, told per 1,000 people, with its sign."""
        if i18n.missing(value):
            return i18n.MISSING
        told = self.rounded(float(value) * PER, outcome)  # type: ignore[arg-type]
        return i18n.number(told, UNITS[outcome], self.language, currency=self.currency, signed=True)

    @staticmethod
    def rounded(value: float, outcome: str) -> float:
        """People, orders and visits of 1,000 to one decimal below ten, else whole."""
        return value if UNITS[outcome] == "money" else round(value, 1 if abs(value) < 10 else 0)

    def range(self, low: object, high: object, outcome: str) -> str:
        """Both ends of an effect's interval per 1,000 people."""
        if i18n.missing(low) or i18n.missing(high):
            return i18n.MISSING
        return i18n.span(self.per_thousand(low, outcome), self.per_thousand(high, outcome), self.language)

    def money(self, value: object, *, signed: bool = False) -> str:
        """An amount."""
        return i18n.number(value, "money", self.language, currency=self.currency, signed=signed)

    def moneys(self, low: object, high: object) -> str:
        """Both ends of an amount's interval."""
        if i18n.missing(low) or i18n.missing(high):
            return i18n.MISSING
        return i18n.span(self.money(low, signed=True), self.money(high, signed=True), self.language)

    def rate(self, value: object, *, signed: bool = False) -> str:
        """A share or a return."""
        return i18n.number(value, "rate", self.language, signed=signed)

    def rates(self, low: object, high: object) -> str:
        """Both ends of its interval."""
        if i18n.missing(low) or i18n.missing(high):
            return i18n.MISSING
        return i18n.span(self.rate(low, signed=True), self.rate(high, signed=True), self.language)

    def count(self, people: object) -> str:
        """A number of people; below k_min only that it is."""
        few = not i18n.missing(people) and 0 < int(people) < self.k_min  # type: ignore[call-overload]
        return f"<{self.k_min}" if few else i18n.number(people, "people", self.language)

    def definition(self, rows: pd.DataFrame) -> str:
        """What the picture of these rows (picture_rows) shows."""
        return self.say("definition", outcome=self.word(f"outcome.{rows['outcome'].iloc[0]}"))

    def channel(self, code: str) -> str:
        """A channel's name."""
        return self.word(f"channel.{code}") if code in CHANNELS else code

    def name(self, row: Mapping) -> str:
        """A campaign's name, its id where it has none."""
        return row["campaign_id"] if i18n.missing(row["name"]) or not row["name"] else row["name"]
