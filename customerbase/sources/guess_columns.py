"""Which kind of file this is, and which canonical column each raw column becomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from customerbase.sources.guess_content import constant_within, from_content, repeated
from customerbase.sources.guess_headers import Candidate, candidates, fold, is_subscription_word
from customerbase.sources.guess_values import Profile, profile

FILE_KINDS = ("order_lines", "orders", "log", "customers", "products", "subscriptions", "snapshot", "unknown")
SURE, POSSIBLE = 0.8, 0.45  # from here on taken without a mark; below this not taken at all
_CLOSE = 0.04  # two guesses nearer than this are called ambiguous
_TABLES = {
    "order_lines": ("order_lines", "orders"),
    "orders": ("orders",),
    "log": ("orders", "order_lines"),
    "customers": ("customers_src",),
    "products": ("products",),
    "subscriptions": ("subscriptions",),
    "snapshot": ("customers_src",),
}
_CONTACT = (
    "email",
    "phone",
    "last_name",
    "first_name",
    "last_kana",
    "postal_code",
    "pref",
    "city",
    "address1",
    "birth_date",
    "gender",
)
_ORDER_LEVEL = ("total", "subtotal", "shipping", "discount", "fee", "tax", "points_used")


@dataclass(frozen=True)
class Column:
    """One raw column: its number (from 1), heading, profile, what it is taken for and what else it could be.

    guess is None when nothing fits; rivals are canonical columns (or "column N") that were nearly as likely.
    """

    number: int
    name: str
    profile: Profile
    candidates: tuple[Candidate, ...] = ()
    guess: Candidate | None = None
    rivals: tuple[str, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Whether a person should look at it before it is believed."""
        unsure = self.guess is not None and (self.guess.score < SURE or bool(self.rivals) or self.guess.against)
        return unsure or bool(self.guess and self.profile.form and self.profile.form.ambiguous)


@dataclass(frozen=True)
class _Roles:
    """The columns that decide the kind of a file (None where no column can play the part)."""

    date: Column | None
    order: Column | None
    customer: Column | None
    money: Column | None
    price: Column | None
    qty: Column | None
    product: Column | None
    contact: int


def look(frame: pd.DataFrame, has_header: bool = True) -> tuple[str, list[Column]]:
    """The kind of file (one of FILE_KINDS) and its columns with their guesses; frame holds raw text."""
    profiles = {name: profile(frame[name].tolist()) for name in frame.columns}
    named = {name: candidates(name, profiles[name]) if has_header else [] for name in frame.columns}
    unnamed = [name for name in frame.columns if max((c.score for c in named[name]), default=0) < POSSIBLE]
    content = from_content(frame, profiles, unnamed)
    columns = [
        Column(number, name, profiles[name], (*named[name], *content.get(name, [])))
        for number, name in enumerate(frame.columns, start=1)
    ]
    columns = _without_false_orders(columns, frame)
    kind = kind_of(columns, frame)
    return kind, assign(columns, kind, frame)


def _without_false_orders(columns: list[Column], frame: pd.DataFrame) -> list[Column]:
    """No order number is one that comes back on many days: such a number belongs to a person or a product."""
    dates = [column.name for column in columns if column.profile.kind == "date"]
    if not dates:
        return columns
    days = frame[dates[0]].str.slice(0, 10)

    def cleaned(column: Column) -> Column:
        still = constant_within(days, frame[column.name]) if _score(column, "orders.order_id") else None
        if still is None or still >= 0.5:
            return column
        kept = [
            replace(c, score=c.score * 0.4, against=True) if c.target == "orders.order_id" else c
            for c in column.candidates
        ]
        return replace(column, candidates=tuple(kept))

    return [cleaned(column) for column in columns]


def kind_of(columns: Sequence[Column], frame: pd.DataFrame) -> str:
    """The kind of file, from the parts its columns can play."""
    roles = _roles(columns)
    contracts = sum(is_subscription_word(column.name) for column in columns)
    dated = any(column.profile.kind == "date" for column in columns)
    if contracts >= 2 and not dated:
        return "snapshot"
    if contracts >= 2 and roles.order is None and _is_subscription_list(columns):
        return "subscriptions"
    unique_person = roles.customer is not None and roles.customer.profile.unique
    registered = roles.date is None or _score(roles.date, "customers_src.registered_at") >= _score(
        roles.date, "orders.order_at"
    )
    if unique_person and roles.contact >= 2 and roles.order is None and registered:
        return "customers"
    if roles.date and (kind := _purchases(roles, frame)):
        return kind
    if roles.contact >= 2 or (roles.contact and unique_person and not contracts):
        return "customers"
    if roles.product and _is_product_list(columns):
        return "products"
    unique_first = any(column.profile.unique and column.profile.kind in ("id", "count") for column in columns)
    return "snapshot" if not dated and (contracts or unique_first) and len(columns) > 2 else "unknown"


def _purchases(roles: _Roles, frame: pd.DataFrame) -> str | None:
    if roles.order is not None:
        several = repeated(frame[roles.order.name]) > 0.005
        whole = roles.money is not None and _score(roles.money, "orders.total") >= POSSIBLE
        if several or (roles.qty and roles.price) or not whole:
            return "order_lines" if roles.money or roles.price else None
        return "orders"
    return "log" if roles.customer is not None and (roles.money or (roles.price and roles.qty)) else None


def _is_product_list(columns: Sequence[Column]) -> bool:
    ids = [
        column
        for column in columns
        if max(_score(column, "products.product_id"), _score(column, "products.sku")) >= POSSIBLE
    ]
    told = [
        column
        for column in columns
        if max(_score(column, f"products.{name}") for name in ("name", "price", "category")) >= POSSIBLE
    ]
    return any(column.profile.unique for column in ids) and any(column not in ids for column in told)


def _is_subscription_list(columns: Sequence[Column]) -> bool:
    """Contracts with the day they began, and a number, an end, a plan or a price of their own."""
    began = [column for column in columns if _score(column, "subscriptions.started_at") >= SURE]
    names = ("subscription_id", "ended_at", "plan", "price")
    told = [name for name in names if any(_score(column, f"subscriptions.{name}") >= SURE for column in columns)]
    return bool(began) and len(told) >= 2


def _roles(columns: Sequence[Column]) -> _Roles:
    taken: set[int] = set()

    def best(*targets: str) -> Column | None:
        scored = [
            (max(_score(column, target) for target in targets), -column.number, column)
            for column in columns
            if column.number not in taken
        ]
        score, _, column = max(scored, default=(0, 0, None), key=lambda item: item[:2])
        if score < POSSIBLE:
            return None
        taken.add(column.number)
        return column

    contact = sum(
        bool(column.candidates) and _top(column).target in {f"customers_src.{name}" for name in _CONTACT}
        for column in columns
    )
    return _Roles(
        date=best("orders.order_at"),
        order=best("orders.order_id"),
        customer=best("orders.source_customer_id", "customers_src.source_customer_id"),
        qty=best("order_lines.qty"),
        money=best("orders.total", "order_lines.amount"),
        price=best("order_lines.unit_price"),
        product=best("order_lines.sku", "order_lines.product_id", "order_lines.name"),
        contact=contact,
    )


def assign(columns: Sequence[Column], kind: str, frame: pd.DataFrame) -> list[Column]:
    """The columns with their guesses for one kind of file: each canonical column once, the surest first."""
    tables = _TABLES.get(kind, ())
    pairs = [
        (_weight(candidate, column, kind, columns, frame), column.number, candidate)
        for column in columns
        for candidate in column.candidates
        if candidate.target.split(".")[0] in tables
    ]
    chosen: dict[int, Candidate] = {}
    for score, number, candidate in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2].target)):
        clash = any(_same_meaning(candidate.target, other.target, kind) for other in chosen.values())
        if number not in chosen and not clash and score >= POSSIBLE:
            chosen[number] = replace(candidate, score=min(round(score, 3), 0.99))
    return [
        replace(column, guess=chosen.get(column.number), rivals=_rivals(column, chosen, pairs, kind))
        if kind in _TABLES
        else column
        for column in columns
    ]


def _weight(candidate: Candidate, column: Column, kind: str, columns: Sequence[Column], frame: pd.DataFrame) -> float:
    """The candidate's score, moved by what the rows say: a total stands still within an order, a line's amount does not."""
    score, field = candidate.score, candidate.target.split(".")[1]
    if kind == "order_lines" and field in ("amount", *_ORDER_LEVEL):
        order = max(columns, key=lambda other: (_score(other, "orders.order_id"), -other.number))
        still = constant_within(frame[column.name], frame[order.name])
        if still is not None and ((field == "amount") == (still > 0.95)):
            score *= 0.6
    if kind in ("orders", "log") and candidate.target == "orders.total" and fold(candidate.word) == "price":
        score *= 0.8
    if column.profile.kind == "empty":
        score *= 0.8
    return score


def _same_meaning(target: str, other: str, kind: str) -> bool:
    """Whether two canonical columns cannot both be mapped in one file of this kind."""
    money = {"orders.total", "order_lines.amount"}
    return target == other or (kind == "log" and {target, other} == money)


def _rivals(column: Column, chosen: dict[int, Candidate], pairs: Iterable, kind: str) -> tuple[str, ...]:
    """What was nearly as likely: other columns for the same target, other targets that nobody else took."""
    guess = chosen.get(column.number)
    if guess is None:
        return ()
    others = [
        f"column {number}"
        for score, number, candidate in pairs
        if candidate.target == guess.target
        and number != column.number
        and number not in chosen
        and score >= guess.score - _CLOSE
    ]
    taken = {candidate.target for candidate in chosen.values()}
    targets = [
        candidate.target
        for score, number, candidate in pairs
        if number == column.number
        and candidate.target not in taken
        and score >= guess.score - _CLOSE / 2
        and not _same_meaning(candidate.target, guess.target, kind)
        and candidate.target.split(".")[1] != guess.target.split(".")[1]
    ]
    return tuple(dict.fromkeys([*others, *targets]))


def _score(column: Column, target: str) -> float:
    return max((candidate.score for candidate in column.candidates if candidate.target == target), default=0.0)


def _top(column: Column) -> Candidate:
    return max(column.candidates, key=lambda candidate: candidate.score)
