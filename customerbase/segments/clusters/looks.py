"""What page 07c and the report show of the groups, in words and small tables; small groups are withheld."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

import customerbase.segments.clusters.names as names
from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.features import features
from customerbase.segments.clusters.choice import CLEAR, LESS, UNSTABLE
from customerbase.segments.clusters.matching import NEW, RETIRED

TOLD = 3  # features named on either side of a card


def amount(feature: str, value: object, language: str, currency: str = "JPY") -> str:
    """A value of a feature with its unit: 21 days, ¥4,300, 12.3 %."""
    one = features().get(feature)
    if one is None or i18n.missing(value):
        return i18n.number(value, "number", language)
    if one.kind.name in ("share", "flag"):
        return i18n.number(value, "rate", language)
    if one.unit == "reporting currency":
        return i18n.number(value, "money", language, currency=currency)
    rounded = round(float(value), 1 if abs(float(value)) < 20 else 0)
    if one.unit == "days" and one.kind.name != "count":
        said = i18n.number(rounded, "days", language)
        return said if language == "ja" else f"{said} {'day' if rounded == 1 else 'days'}"
    digits = int(rounded) if rounded == int(rounded) else rounded
    return i18n.number(digits, "number", language, exact=False) if isinstance(digits, int) else f"{digits:,.1f}"


def shown(summary: pd.DataFrame, k_min: int, language: str) -> pd.DataFrame:
    """The groups of the month that may be shown, largest first, with `name`: number and label."""
    rows = summary[summary["status"] != RETIRED]
    rows = rows[~suppress_parts(rows["customers"].to_numpy(dtype=int), k_min)]
    rows = rows.assign(name=[named(row, language) for _, row in rows.iterrows()])
    return rows.sort_values(["customers", "group_id"], ascending=[False, True], kind="stable", ignore_index=True)


def named(row: pd.Series, language: str) -> str:
    """A group by number and name."""
    return i18n.sentence("groups.named", language, id=int(row["group_id"]), label=row[f"label_{language}"])


# --- are there groups, and how many ---------------------------------------------------------------------------------------


def chosen(choice: pd.DataFrame) -> pd.Series | None:
    """The row of what was chosen; None where nobody was grouped."""
    rows = choice[choice["is_chosen"].astype(bool)] if len(choice) else choice
    return rows.iloc[0] if len(rows) else None


def structure(choice: pd.DataFrame, language: str) -> list[str]:
    """Whether there are clear groups, how that was judged, and why so many: three sentences."""
    row = chosen(choice)
    if row is None:
        return [i18n.word("groups.none", language)]
    kind = _kind(choice, row)
    told = {name: f"{row[column]:.2f}".replace("-", i18n.MINUS) for name, column in _TOLD.items()} | {
        "k": int(row["k"])
    }
    head = i18n.sentence(
        f"groups.structure.{kind}", language, **({"k": told["k"]} if kind in ("clear", "asked") else {})
    )
    reason = i18n.sentence(f"groups.reason.{row['reason']}", language, k=told["k"])
    return [head, i18n.sentence(f"groups.story.{'clear' if kind == 'clear' else 'none'}", language, **told), reason]


def _kind(choice: pd.DataFrame, row: pd.Series) -> str:
    """clear; asked: others are clear, not the one asked for; unstable: something is apart, but nothing holds; none."""
    if row["verdict"] == CLEAR:
        return "clear"
    found = set(choice["verdict"])
    return "asked" if CLEAR in found else "unstable" if UNSTABLE in found else "none"


_TOLD = {"excess": "excess", "ari": "ari_mean", "low": "ari_low", "high": "ari_high"}


def criteria(choice: pd.DataFrame, language: str) -> pd.DataFrame:
    """The numbers of groups that were tried: separation, that of a continuum, BIC, adjusted Rand index, verdict.

    Without mixtures that separate less than k-means: they were not tried further.
    """
    choice = choice[choice["verdict"] != LESS]

    def digits(value: float) -> str:
        return i18n.MISSING if np.isnan(value) else f"{value:.2f}".replace("-", i18n.MINUS)

    made = {
        "k": [f"{int(row['k'])}{' ★' if row['is_chosen'] else ''}" for _, row in choice.iterrows()],
        "algorithm": [i18n.word(f"groups.algorithm.{code}", language) for code in choice["algorithm"]],
        "silhouette": [digits(value) for value in choice["silhouette"]],
        "continuum": [digits(value) for value in choice["continuum_silhouette"]],
        "excess": [digits(value) for value in choice["excess"]],
        "bic": [i18n.MISSING if np.isnan(value) else f"{value:,.0f}" for value in choice["bic"]],
        "ari": [_index(row, language) for _, row in choice.iterrows()],
        "verdict": [i18n.word(f"groups.verdict.{code}", language) for code in choice["verdict"]],
    }
    return _headed(made, language)


def _index(row: pd.Series, language: str) -> str:
    if np.isnan(row["ari_mean"]):
        return i18n.MISSING
    return _with_ends(*(f"{row[name]:.2f}" for name in ("ari_mean", "ari_low", "ari_high")), language)


def choice_title(choice: pd.DataFrame, language: str) -> str:
    """What the picture of all numbers shows."""
    row = chosen(choice)
    if row is None:
        return i18n.word("groups.none", language)
    told = {"k": int(row["k"])}
    if row["reason"] in ("kept", "asked"):
        return i18n.sentence(f"groups.finding.choice_{row['reason']}", language, **told)
    if row["verdict"] == CLEAR:
        return i18n.sentence("groups.finding.choice_clear", language, **told)
    return i18n.word("groups.finding.choice_none", language)


# --- cards ----------------------------------------------------------------------------------------------------------------


def table(summary: pd.DataFrame, k_min: int, language: str, currency: str = "JPY") -> pd.DataFrame:
    """Size with interval, share of revenue, mean lifetime value, chance to leave, stability, since last month."""
    rows = shown(summary, k_min, language)
    made = {
        "group": rows["name"].tolist(),
        "customers": [f"{int(n):,}" for n in rows["customers"]],
        "share": [_share(row, language) for _, row in rows.iterrows()],
        "revenue": [i18n.number(value, "rate", language) for value in rows["revenue_share"]],
        "cltv": [_cltv(row, language, currency) for _, row in rows.iterrows()],
        "leaving": [leaving(row, k_min, language) for _, row in rows.iterrows()],
        "stable": [f"{value:.2f}" for value in rows["jaccard"].astype(float)],
        "status": [i18n.word(f"groups.status.{code}", language) for code in rows["status"]],
    }
    return _headed(made, language)


def _share(row: pd.Series, language: str) -> str:
    ends = i18n.interval(row["share_low"], row["share_high"], "rate", language)
    share = i18n.number(row["share"], "rate", language)
    return i18n.aside(share, ends, language)


def _cltv(row: pd.Series, language: str, currency: str) -> str:
    if i18n.missing(row["cltv_mean"]):
        return i18n.MISSING
    texts = (
        i18n.number(row[name], "money", language, currency=currency) for name in ("cltv_mean", "cltv_low", "cltv_high")
    )
    return _with_ends(*texts, language)


def _with_ends(value: str, low: str, high: str, language: str) -> str:
    return i18n.aside(value, i18n.span(low, high, language), language)


def leaving(row: pd.Series, k_min: int, language: str) -> str:
    """The mean chance to leave; a dash where it is known of fewer than k_min."""
    few = i18n.missing(row["leaving_customers"]) or row["leaving_customers"] < k_min
    return i18n.MISSING if few else i18n.number(row["leaving"], "rate", language)


def card_table(
    summary: pd.DataFrame, cards: pd.DataFrame, k_min: int, language: str, currency: str = "JPY"
) -> pd.DataFrame:
    """Each group in plain words: what is above and what is below the base, in real units, strongest first."""
    rows = shown(summary, k_min, language)
    made = {"group": rows["name"].tolist()}
    for side in ("above", "below"):
        made[side] = [said(cards, int(group), side, language, currency) for group in rows["group_id"]]
    return _headed(made, language)


def said(cards: pd.DataFrame, group: int, side: str, language: str, currency: str = "JPY", most: int = TOLD) -> str:
    """What is above (below) the base in a group: "purchase days a year 7 (base 1); …"; a dash for nothing."""
    rows = ranked(cards, group)
    rows = rows[(rows["effect"] > 0) == (side == "above")].head(most)
    parts = [_part(row, language, currency) for _, row in rows.iterrows()]
    return ("、" if language == "ja" else "; ").join(parts) or i18n.MISSING


def ranked(cards: pd.DataFrame, group: int) -> pd.DataFrame:
    """The features that set a group apart, the strongest first."""
    return cards[(cards["group_id"] == group) & cards["rank"].notna()].sort_values("rank")


def _part(row: pd.Series, language: str, currency: str) -> str:
    value, base = (amount(row["feature"], row[name], language, currency) for name in ("value", "base"))
    return i18n.sentence(
        "groups.card.more", language, feature=names.title(row["feature"], language), value=value, base=base
    )


def cards_title(summary: pd.DataFrame, k_min: int, language: str) -> str:
    """The group that brings most for its size, or the largest where no revenue is known."""
    rows = shown(summary, k_min, language)
    if not len(rows):
        return i18n.word("groups.few", language)
    known = rows.dropna(subset=["revenue_share"])
    if not len(known):
        row = rows.iloc[0]
        share = i18n.number(row["share"], "rate", language)
        return i18n.sentence("groups.finding.cards_plain", language, label=row[f"label_{language}"], share=share)
    row = known.loc[(known["revenue_share"].astype(float) / known["share"].astype(float)).idxmax()]
    told = {
        "share": i18n.number(row["share"], "rate", language),
        "revenue": i18n.number(row["revenue_share"], "rate", language),
    }
    return i18n.sentence("groups.finding.cards", language, label=row[f"label_{language}"], **told)


# --- rules and months -----------------------------------------------------------------------------------------------------


def rules(summary: pd.DataFrame, fidelity: float, k_min: int, language: str, currency: str = "JPY") -> list[str]:
    """Each group in one short rule, how many it catches and how often it is right; then how faithful all rules are."""
    made = []
    for _, row in shown(summary, k_min, language).iterrows():
        if i18n.missing(row["rule"]):
            made.append(i18n.sentence("groups.rule_none", language, label=row["name"]))
            continue
        parts = [_condition(part, language, currency) for part in str(row["rule"]).split(" and ")]
        shares = {name: i18n.number(row[f"rule_{name}"], "rate", language) for name in ("caught", "right")}
        told = {"label": row["name"], "rule": i18n.join(parts, language)}
        made.append(i18n.sentence("groups.rule", language, **told, **shares))
    if made and not np.isnan(fidelity):
        made.append(i18n.sentence("groups.fidelity", language, share=i18n.number(fidelity, "rate", language)))
    return made


def _condition(part: str, language: str, currency: str) -> str:
    feature, sign, bound = part.split(" ")
    one = features().get(feature)
    whole = one is not None and one.kind.name in ("count", "days")  # above 3.5 purchases is above 3
    number = float(np.floor(float(bound))) if whole else float(bound)
    told = {"feature": names.title(feature, language), "bound": amount(feature, number, language, currency)}
    return i18n.sentence("groups.above" if sign == ">" else "groups.below", language, **told)


def months(summary: pd.DataFrame, k_min: int, language: str) -> list[str]:
    """Which groups go on from last month, which are new, which are gone."""
    now = summary[summary["status"] != RETIRED]
    kept = now[now["overlap"].notna()]
    if not len(now) or not now["matched_from"].notna().any():
        return [i18n.word("groups.months.first", language)] if len(now) else []
    made = []
    if len(kept):
        ends = {"low": f"{kept['overlap'].min():.2f}", "high": f"{kept['overlap'].max():.2f}"}
        made.append(i18n.sentence("groups.months.kept", language, n=len(kept), **ends))
    fresh = shown(summary, k_min, language)
    named_now = {"new": fresh[fresh["status"] == NEW]["name"].tolist()}
    gone = summary[summary["status"] == RETIRED]
    named_now["retired"] = [named(row, language) for _, row in gone.iterrows()]
    for code, told in named_now.items():
        made += [i18n.sentence(f"groups.months.{code}", language, names=i18n.join(told, language))] if told else []
    return made


def _headed(made: Mapping[str, list], language: str) -> pd.DataFrame:
    return pd.DataFrame({i18n.word(f"groups.column.{name}", language): values for name, values in made.items()})
