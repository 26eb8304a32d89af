"""What a page and a report say of good customers: names of drivers, sentences with their caution, small tables."""

import pandas as pd

from customerbase import i18n
from customerbase.segments.good.compare import FEW, LESS, MORE, UNCLEAR
from customerbase.segments.mix import looks as mixed

MOST = 5
SHOWN = 14  # drivers in a picture


def name(code: str, stage: str, language: str) -> str:
    """A driver by name: what is known early, in words."""
    attribute, _, value = code.partition(":")
    if not value:
        return i18n.word(f"good.driver.{code}", language)
    fallback = i18n.word_or(f"good.attribute.{attribute}", language, attribute)
    of = i18n.word_or(f"good.of.{attribute}", language, fallback)
    told = {"attribute": of, "value": mixed.value(attribute, value, language)}
    return i18n.sentence(f"good.stage.{stage}", language, **told)


def enough(table: pd.DataFrame) -> bool:
    """Whether at least one driver could be told of."""
    return bool(len(table)) and bool((table["verdict"] != FEW).any())


def findings(table: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Drivers with a clear difference, the largest first."""
    clear = table[table["verdict"].isin([MORE, LESS])]
    return (
        clear.assign(size=clear["difference"].abs()).sort_values(["size", "driver"], ascending=[False, True]).head(most)
    )


def sentences(table: pd.DataFrame, language: str, most: int = MOST) -> list[str]:
    """The clearest drivers in words, each with how strong something unseen would have to be; or that there is none."""
    found = findings(table, most)
    return [_finding(row, language) for row in found.to_dict("records")] or [i18n.word("good.nothing", language)]


def _finding(row: dict, language: str) -> str:
    ends = [i18n.points(row[end], language) for end in ("low", "high")]
    said = i18n.sentence(
        f"good.{row['verdict']}",
        language,
        driver=name(row["driver"], row["stage"], language),
        points=i18n.points(row["difference"], language),
        interval=i18n.span(*ends, language),
        **{side: i18n.number(row[f"alike_{side}"], "rate", language) for side in ("with", "without")},
    )
    if i18n.missing(row["e_value_bound"]):
        return said
    unseen = i18n.sentence("good.unseen", language, e=f"{row['e_value_bound']:.1f}")
    return i18n.run_on([said, unseen], language)


def vanished(table: pd.DataFrame, language: str) -> str:
    """Drivers that differ at first sight but less than half as much, and not surely, among customers alike; "" without any."""
    plain = (table["raw_low"].astype(float) > 0) | (table["raw_high"].astype(float) < 0)
    small = table["difference"].astype(float).abs() < table["raw"].astype(float).abs() / 2
    inside = (table["low"].astype(float) <= 0) & (table["high"].astype(float) >= 0)
    gone = table[plain & small & inside & (table["verdict"] == UNCLEAR)]
    names = [name(row["driver"], row["stage"], language) for row in gone.to_dict("records")]
    return i18n.sentence("good.vanished", language, drivers=i18n.join(names, language)) if names else ""


def study(table: pd.DataFrame, language: str) -> str:
    """What the study is, from its table; "" without one."""
    if not len(table):
        return ""
    row = table.iloc[0]
    told = {
        "customers": i18n.number(row["customers"], "people", language),
        "early": int(row["early_days"]),
        "after": int(row["after_days"]),
        "top": i18n.number(row["top"], "rate", language).replace(".0", ""),
    }
    return i18n.sentence("good.study", language, **told)


def remarks(result, language: str, k_min: int) -> list[str]:
    """What the study rests on, its findings, and the caution; or that customers are too few."""
    if not enough(result.drivers):
        n = i18n.number(result.customers, "people", language) if result.customers >= k_min else f"<{k_min}"
        return [i18n.sentence("good.few", language, customers=n)]
    said = [study(result.tables()["good_customers"], language)]
    if result.left_out >= k_min:
        said.append(i18n.sentence("good.study_left_out", language, n=f"{result.left_out:,}"))
    few = int((result.drivers["verdict"] == FEW).sum())
    said += [i18n.sentence("good.withheld", language, n=few)] if few else []
    said.append(_ranked(result.auc, language))
    said += [*sentences(result.drivers, language), vanished(result.drivers, language)]
    return [text for text in (*said, i18n.word("good.caution", language)) if text]


def _ranked(auc: dict | None, language: str) -> str:
    if auc is None:
        return i18n.word("good.study_no_auc", language)
    ends = [f"{auc[end]:.2f}" for end in ("low", "high")]
    return i18n.sentence("good.study_auc", language, auc=f"{auc['value']:.2f}", interval=i18n.span(*ends, language))


def rows(table: pd.DataFrame, language: str, most: int = SHOWN) -> pd.DataFrame:
    """Compared drivers for a picture, sorted by their difference; the surest where there are more than `most`."""
    found = table[table["difference"].notna()].sort_values(["q_value", "driver"]).head(most)
    found = found.sort_values(["difference", "driver"], ascending=[False, True])
    names = [name(row["driver"], row["stage"], language) for row in found.to_dict("records")]
    return found.assign(name=names, clear=found["verdict"].isin([MORE, LESS])).reset_index(drop=True)


def title(table: pd.DataFrame, language: str) -> str:
    """The largest clear difference, or that there is none."""
    found = findings(table, 1)
    if not len(found):
        return i18n.word("good.picture_none", language)
    row = found.iloc[0]
    told = {"driver": name(row["driver"], row["stage"], language), "points": i18n.points(row["difference"], language)}
    return i18n.sentence("good.picture_first", language, **told)


def listing(table: pd.DataFrame, language: str, currency: str) -> pd.DataFrame:
    """The drivers that may be told of, with their numbers as texts, the surest first."""
    found = table[table["verdict"] != FEW].sort_values(["q_value", "driver"], na_position="last").to_dict("records")
    keys = ("driver", "with", "without", "raw", "alike", "value_difference", "e_value", "balance", "verdict")
    heads = [i18n.word(f"good.column.{key}", language) for key in keys]
    return pd.DataFrame([_listed(row, language, currency) for row in found], columns=heads)


def _listed(row: dict, language: str, currency: str) -> list[str]:
    def ends(low: str, high: str, form) -> str:
        return "" if i18n.missing(row[low]) else f" ({form(row[low])}–{form(row[high])})"

    def points(amount: object) -> str:
        return i18n.points(amount, language)

    def money(amount: object) -> str:
        return i18n.number(amount, "money", language, currency=currency, signed=True)

    def side(which: str) -> str:
        count = row[f"customers_{which}"]
        return (
            i18n.MISSING
            if i18n.missing(count)
            else f"{int(count):,} · {i18n.number(row[f'good_{which}'], 'rate', language)}"
        )

    e, balance = row["e_value"], row["smd_after"]
    return [
        name(row["driver"], row["stage"], language),
        side("with"),
        side("without"),
        points(row["raw"]),
        points(row["difference"]) + ends("low", "high", points),
        money(row["value_difference"]) + ends("value_low", "value_high", money),
        i18n.MISSING if i18n.missing(e) else f"{e:.1f} ({row['e_value_bound']:.1f})",
        i18n.MISSING if i18n.missing(balance) else f"{row['smd_before']:.2f} → {balance:.2f}",
        i18n.word(f"good.verdict.{row['verdict']}", language),
    ]
