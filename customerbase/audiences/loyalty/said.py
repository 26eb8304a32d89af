"""The ranks in sentences and tables, from the small tables alone; few members are withheld."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.audiences.loyalty.programme import PRESENT
from customerbase.disclosure import suppress, suppress_rows

Money = Callable[[float], str]
REPLAY, SCHEMES, MIGRATION, MOVES = TABLES = (
    "loyalty_replay", "loyalty_schemes", "loyalty_migration", "loyalty_moves",
)  # fmt: skip


def lines(
    tables: Mapping[str, pd.DataFrame], language: str, money: Money, k_min: int, *, described: bool = True
) -> list[tuple[str, str]]:
    """Label and sentence: replay error, points, every scheme. described: whether the company has a programme at all."""
    schemes = tables[SCHEMES]
    if not len(schemes):
        text = i18n.word(f"budget.{'ranks_empty' if described else 'ranks_none'}", language)
        return [(i18n.word("budget.line.ranks", language), text)]
    present = schemes[schemes["scheme"] == PRESENT].iloc[0]
    told = [("ranks", _replay(schemes, present, language)), ("points", _points(present, language))]
    told += [("schemes", scheme(row, present, language, money, k_min)) for row in _others(schemes)]
    return [(i18n.word(f"budget.line.{name}", language), text) for name, text in told if text]


def _others(schemes: pd.DataFrame) -> list[dict]:
    return schemes[schemes["scheme"] != PRESENT].sort_values("place").to_dict("records")


def _replay(schemes: pd.DataFrame, present: pd.Series, language: str) -> str:
    if i18n.missing(present["replay_error"]):
        return i18n.word("budget.ledger_none", language)
    error = i18n.number(present["replay_error"], "rate", language)
    told = [i18n.sentence("budget.replay", language, n=f"{int(present['movements']):,}", error=error)]
    better = schemes[schemes["replay_error"].astype(float) < float(present["replay_error"]) - 0.005]
    for row in better.sort_values(["replay_error", "scheme"]).head(1).to_dict("records"):
        error = i18n.number(row["replay_error"], "rate", language)
        told.append(i18n.sentence("budget.replay_other", language, scheme=row[f"title_{language}"], error=error))
    return i18n.run_on(told, language)


def _points(present: pd.Series, language: str) -> str:
    if i18n.missing(present["points_ledger"]):
        return ""
    told = {"ledger": f"{present['points_ledger']:,.0f}", "points": f"{present['points']:,.0f}"}
    return i18n.sentence("budget.points", language, **told)


def net(row: Mapping, present: Mapping) -> tuple[float, float, float] | None:
    """Change of a year's result and its ends, by the assumption; None without one."""
    if i18n.missing(row["margin"]):
        return None
    more = float(row["cost"]) - float(present["cost"])
    return tuple(float(row[name]) - more for name in ("margin", "margin_low", "margin_high"))


def even(row: Mapping, present: Mapping) -> float | None:
    """By which share spend must rise for each rank gained so that the scheme pays; None where no share does."""
    more, reach = float(row["cost"]) - float(present["cost"]), float(row["reach"])
    return more / reach if reach > 0 and more > 0 else None


def scheme(row: Mapping, present: Mapping, language: str, money: Money, k_min: int) -> str:
    """Who moves, what it costs, what the assumption brings and what it would need."""
    more = float(row["cost"]) - float(present["cost"])
    told = {"scheme": row[f"title_{language}"], "cost": _signed(more, money)}
    told |= {name: _members(row[name], language, k_min) for name in ("up", "down")}
    said = [i18n.sentence("budget.scheme", language, **told)]
    if not i18n.missing(row["margin"]) and row["reach"]:
        ends = i18n.span(_signed(row["margin_low"], money), _signed(row["margin_high"], money), language)
        share = i18n.number(float(row["margin"]) / float(row["reach"]), "rate", language)
        told = {"margin": _signed(row["margin"], money), "interval": ends, "share": share}
        said.append(i18n.sentence("budget.scheme_assumed", language, **told))
    if (needed := even(row, present)) is not None:
        said.append(i18n.sentence("budget.scheme_even", language, share=i18n.number(needed, "rate", language)))
    return i18n.run_on(said, language)


def _members(count: int, language: str, k_min: int) -> str:
    return f"<{k_min}" if 0 < count < k_min else f"{int(count):,}"


def _signed(amount: float, money: Money) -> str:
    return ("+" if amount > 0 else "−" if amount < 0 else "") + money(abs(amount))


def scheme_rows(schemes: pd.DataFrame, language: str) -> pd.DataFrame:
    """Of every other scheme the change of a year's result, for the picture: name, value, low, high; by cost alone without an assumption."""
    present = schemes[schemes["scheme"] == PRESENT].iloc[0]
    rows = []
    for row in _others(schemes):
        value = net(row, present) or (float(present["cost"]) - float(row["cost"]),) * 3
        rows.append((row[f"title_{language}"], *value))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high"])


def title(schemes: pd.DataFrame, language: str) -> str:
    """Which schemes would pay for themselves over the whole assumption."""
    if schemes["margin"].isna().all():
        return i18n.word("budget.title.schemes_mechanical", language)
    rows = scheme_rows(schemes, language)
    names = rows.loc[(rows["value"] > 0) & (rows["low"] >= 0), "name"].tolist()
    if not names:
        return i18n.word("budget.title.schemes_none", language)
    listed = "、".join(f"「{name}」" for name in names) if language == "ja" else ", ".join(names)
    return i18n.sentence("budget.title.schemes", language, names=listed)


def scheme_table(schemes: pd.DataFrame, language: str, money: Money, k_min: int) -> pd.DataFrame:
    """All schemes as texts."""
    if not len(schemes):
        return pd.DataFrame()
    present, rows = schemes[schemes["scheme"] == PRESENT].iloc[0], []
    for row in schemes.sort_values("place").to_dict("records"):
        needed = even(row, present)
        cells = {"scheme": row[f"title_{language}"], "rule": row["rule"]}
        cells |= {name: _members(row[name], language, k_min) for name in ("up", "down")}
        cells |= {"cost_year": money(row["cost"]), "change": _signed(row["cost"] - present["cost"], money)}
        cells |= {"margin": i18n.MISSING if i18n.missing(row["margin"]) else _signed(row["margin"], money)}
        cells |= {"even": i18n.number(needed, "rate", language)}
        rows.append(cells | {"error": i18n.number(row["replay_error"], "rate", language)})
    return _named(pd.DataFrame(rows), language)


def migration(table: pd.DataFrame, code: str, names: Mapping[str, str], k_min: int) -> pd.DataFrame:
    """Members from the present rank (rows) to that of a scheme (columns), as texts; small cells withheld with what would give them back."""
    rows = table[table["scheme"] == code]
    order = list(dict.fromkeys(rows["rank_before"]))
    counts = rows.pivot(index="rank_before", columns="rank_after", values="members").loc[order, order]
    hidden = suppress(counts.to_numpy(), k_min)
    texts = np.where(hidden, "*", counts.map(lambda one: f"{int(one):,}").to_numpy(dtype=object))
    called = [names.get(one, one) for one in order]
    return pd.DataFrame(texts, index=called, columns=[f"→ {one}" for one in called])


def moves(table: pd.DataFrame, code: str, name: Callable[[str], str], language: str, k_min: int) -> pd.DataFrame:
    """Segments by how many of their members would rank higher, the same or lower; rows with a small number are left out."""
    rows = table[table["scheme"] == code].reset_index(drop=True)
    shown = rows[~suppress_rows(rows[["up", "same", "down"]].to_numpy(), k_min)] if len(rows) else rows
    made = {"segment": [name(one) if one != "none" else i18n.MISSING for one in shown["segment"]]}
    made |= {way: [f"{int(one):,}" for one in shown[way]] for way in ("up", "same", "down")}
    return _named(pd.DataFrame(made), language)


def _named(frame: pd.DataFrame, language: str) -> pd.DataFrame:
    return frame.rename(columns={name: i18n.word(f"budget.column.{name}", language) for name in frame.columns})
