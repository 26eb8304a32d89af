"""The invented retailer: its calendar, seasons, shops, goods and the streams of chance, all fixed by (seed, months)."""

import zlib
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml

from customerbase.periods import add_months, month_end, month_range, parse_month

FOLDER = Path(__file__).parent
PAST_DAYS = 900  # members who joined up to this long before the first month are part of the company
POS, WEB, APP = 0, 1, 2
SYSTEMS = ("pos", "webshop", "app")
# How much a month sells against an average one: summer and year-end gifts, a weak February.
MONTH_FACTOR = (0.92, 0.82, 1.04, 0.98, 1.0, 0.97, 1.14, 0.9, 0.92, 0.98, 1.06, 1.42)
WEEKDAY_FACTOR = (0.88, 0.86, 0.9, 0.92, 1.02, 1.22, 1.2)  # Monday first


def load(name: str) -> dict:
    """One of the package's YAML files as a dict."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Goods:
    """The catalogue: arrays with one entry per product, products of a category side by side and sorted by price."""

    names: list[str]
    codes: list[str]
    category: np.ndarray
    price: np.ndarray
    cost: np.ndarray
    tax_rate: np.ndarray
    brand: np.ndarray
    listed: np.ndarray
    categories: list[str]

    @property
    def per_category(self) -> int:
        """Products in each category."""
        return len(self.names) // len(self.categories)


@dataclass(frozen=True)
class World:
    """What every block of people shares: the period, the company file and the seed."""

    seed: int
    customers: int
    months: int
    last_month: date
    company: dict = field(default_factory=lambda: load("company"))
    names: dict = field(default_factory=lambda: load("names"))
    words: dict = field(default_factory=lambda: load("words"))

    @cached_property
    def first_day(self) -> date:
        """Day 0: the first day of the first month with sales."""
        return add_months(self.last_month, 1 - self.months)

    @cached_property
    def days(self) -> int:
        """Days of history: every time t with 0 <= t < days is written to the files."""
        return (month_end(self.last_month) - self.first_day).days + 1

    @cached_property
    def horizon(self) -> int:
        """Day on which the simulated future ends: twelve months after the history."""
        return (add_months(self.last_month, 13) - self.first_day).days

    @cached_property
    def month_list(self) -> list[date]:
        """First days of the months of the history."""
        return month_range(self.first_day, self.last_month)

    @cached_property
    def month_starts(self) -> np.ndarray:
        """Day number on which each month of the history begins."""
        return np.array([(day - self.first_day).days for day in self.month_list])

    @cached_property
    def all_days(self) -> np.ndarray:
        """Calendar dates of day numbers -PAST_DAYS … horizon - 1 (numpy datetime64[D])."""
        return np.datetime64(self.first_day) + np.arange(-PAST_DAYS, self.horizon)

    @cached_property
    def season(self) -> np.ndarray:
        """Sales weight of each day of `all_days`; its mean over the history's calendar is about 1."""
        months = self.all_days.astype("datetime64[M]").astype(int) % 12
        weekdays = (self.all_days.astype(int) + 3) % 7
        day = (self.all_days - self.all_days.astype("datetime64[M]")).astype(int) + 1
        payday = np.where((day >= 25) & (day <= 27), 1.12, 1.0)
        return np.array(MONTH_FACTOR)[months] * np.array(WEEKDAY_FACTOR)[weekdays] * payday

    @cached_property
    def goods(self) -> Goods:
        """The catalogue, drawn once from the seed."""
        return _goods(self.company, self.stream("goods"))

    def stream(self, topic: str, block: int = 0) -> np.random.Generator:
        """An independent stream of chance for one topic and one block of people."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(zlib.crc32(topic.encode()), block))
        return np.random.Generator(np.random.PCG64(sequence))


def make_world(customers: int, seed: int, months: int, last_month: str) -> World:
    """A World from the words of the command line."""
    return World(seed=seed, customers=customers, months=months, last_month=parse_month(last_month))


def _goods(company: dict, rng: np.random.Generator) -> Goods:
    names, category, price, tax = [], [], [], []
    for number, (_, words, low, high, rate, _) in enumerate(company["categories"]):
        made = [f"{word} {grade}" for word in words for grade in company["grades"]]
        raw = np.exp(np.linspace(np.log(low), np.log(high), len(made)) + rng.normal(0, 0.08, len(made)))
        names += made
        category += [number] * len(made)
        price += list(np.sort(np.maximum(np.round(raw / 10) * 10, low)))
        tax += [rate] * len(made)
    price = np.array(price, dtype=np.int64)
    return Goods(
        names=names,
        codes=[f"M{number + 1:04d}" for number in range(len(names))],
        category=np.array(category),
        price=price,
        cost=np.round(price * rng.uniform(0.35, 0.6, len(names))).astype(np.int64),
        tax_rate=np.array(tax),
        brand=rng.integers(0, len(company["brands"]), len(names)),
        listed=rng.integers(0, 2000, len(names)),
        categories=[entry[0] for entry in company["categories"]],
    )
