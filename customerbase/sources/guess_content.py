"""What columns without a telling heading are, from their values alone and from how columns hang together."""

from itertools import permutations

import pandas as pd

from customerbase.sources.guess_headers import Candidate
from customerbase.sources.guess_values import Profile, number_of

_PLAIN = {
    "email": ("customers_src.email", 0.75),
    "phone": ("customers_src.phone", 0.7),
    "postal": ("customers_src.postal_code", 0.7),
    "pref": ("customers_src.pref", 0.7),
    "gender": ("customers_src.gender", 0.6),
    "kana": ("customers_src.last_kana", 0.5),
}
_TOLERANCE = 0.011  # qty x price = amount, within the rounding of a cent


def from_content(frame: pd.DataFrame, profiles: dict[str, Profile], unnamed: list[str]) -> dict[str, list[Candidate]]:
    """Candidates for the columns whose heading says nothing (`unnamed`), never surer than 0.75.

    frame holds the sampled raw text of all columns, profiles the profile of each. A column that cannot be told apart
    gets no candidate.
    """
    found: dict[str, list[Candidate]] = {name: [] for name in unnamed}
    dates = [name for name in profiles if profiles[name].kind == "date"]
    for name in unnamed:
        kind = profiles[name].kind
        if kind in _PLAIN:
            target, score = _PLAIN[kind]
            found[name].append(Candidate(target, score, "content", f"looks_{kind}"))
        elif kind == "date":
            found[name].append(Candidate("orders.order_at", 0.7 if len(dates) == 1 else 0.5, "content", "looks_date"))
    ids = [name for name in unnamed if _is_id(frame[name], profiles[name])]
    for name, candidate in _ids(frame, profiles, ids, dates[0] if dates else None).items():
        found[name].append(candidate)
    numbers = [name for name in unnamed if profiles[name].kind in ("amount", "count") and name not in ids]
    for name, candidate in _numbers(frame, profiles, numbers).items():
        found[name].append(candidate)
    return found


def repeated(values: pd.Series) -> float:
    """Share of filled rows beyond the first of their value: 0 when all are different."""
    filled = values[values.notna() & (values != "")]
    return 1 - filled.nunique() / len(filled) if len(filled) else 0.0


def constant_within(values: pd.Series, key: pd.Series) -> float | None:
    """Share of repeated keys within which `values` is the same in all rows; None when no key repeats."""
    groups = values.fillna("").groupby(key)
    several = groups.size() > 1
    return None if not several.any() else float((groups.nunique()[several] == 1).mean())


def _is_id(values: pd.Series, profile: Profile) -> bool:
    if profile.kind == "id":
        return profile.distinct > 3
    if profile.kind != "count" or profile.distinct < 5 or (profile.smallest or 0) < 0:
        return False
    lengths = values[values.notna() & (values != "")].str.len()
    return bool((lengths == lengths.mode().iloc[0]).mean() >= 0.98 and lengths.mode().iloc[0] >= 4)


def _ids(frame: pd.DataFrame, profiles: dict[str, Profile], ids: list[str], date: str | None) -> dict[str, Candidate]:
    """Order ids carry one date each, customer ids several, product codes many dates and many customers."""
    if date is None:
        first = next((name for name in ids if profiles[name].unique), None)
        return {first: Candidate("customers_src.source_customer_id", 0.5, "content", "unique_id")} if first else {}
    found: dict[str, Candidate] = {}
    for name in ids:
        one_date = constant_within(frame[date], frame[name])
        kept = {candidate.target for candidate in found.values()}
        if (repeated(frame[name]) < 0.005 or (one_date or 0) >= 0.98) and "orders.order_id" not in kept:
            found[name] = Candidate("orders.order_id", 0.55, "content", "one_date_per_id")
        elif "orders.source_customer_id" not in kept and not _twin(frame, name, list(found)):
            found[name] = Candidate("orders.source_customer_id", 0.6, "content", "several_dates_per_id")
        elif not _twin(frame, name, list(found)):
            found[name] = Candidate("order_lines.sku", 0.45, "content", "code_repeats")
    return found


def _twin(frame: pd.DataFrame, name: str, others: list[str]) -> bool:
    """Whether the column only numbers again what another column already names (master id and sample id)."""
    pairs = [frame[[name, other]].drop_duplicates() for other in others]
    return any(
        len(pair) == frame[name].nunique() == frame[other].nunique() for pair, other in zip(pairs, others, strict=True)
    )


def _numbers(frame: pd.DataFrame, profiles: dict[str, Profile], names: list[str]) -> dict[str, Candidate]:
    values = {
        name: pd.to_numeric(
            frame[name].head(400).map(lambda text, comma=profiles[name].decimal_comma: number_of(str(text), comma)),
            errors="coerce",
        )
        for name in names[:12]
    }
    triple = product_rule(values)
    if triple:
        roles = ("order_lines.qty", "order_lines.unit_price", "order_lines.amount")
        return {
            name: Candidate(role, 0.72, "content", "product_rule") for name, role in zip(triple, roles, strict=True)
        }
    money = sorted(
        (name for name in values), key=lambda name: (not profiles[name].decimals, -values[name].abs().median())
    )
    found = (
        {money[0]: Candidate("orders.total", 0.6 if profiles[money[0]].decimals else 0.45, "content", "looks_money")}
        if money
        else {}
    )
    for name in money[1:]:
        if (
            profiles[name].kind == "count"
            and values[name].abs().median() < 100
            and "order_lines.qty" not in {c.target for c in found.values()}
        ):
            found[name] = Candidate("order_lines.qty", 0.5, "content", "small_whole")
    return found


def product_rule(values: dict[str, pd.Series]) -> tuple[str, str, str] | None:
    """The columns (quantity, price, amount) for which quantity x price = amount in 95 % of rows, or None.

    The rule must say something: amount differs from price in a tenth of the rows at least.
    """
    for qty, price, amount in permutations(sorted(values), 3):
        together = pd.DataFrame({"q": values[qty], "p": values[price], "a": values[amount]}).dropna()
        if (
            len(together) < 3
            or (together["q"] % 1 != 0).any()
            or ((together["a"] - together["p"]).abs() < _TOLERANCE).mean() > 0.9
        ):
            continue
        holds = (
            (together["q"] * together["p"] - together["a"]).abs() <= _TOLERANCE * together["q"].abs().clip(lower=1)
        ).mean()
        if holds >= 0.95 and together["q"].abs().median() <= together["p"].abs().median():
            return qty, price, amount
    return None
