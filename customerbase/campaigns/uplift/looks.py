"""What one month's uplift says in words: verdicts with their intervals, what narrowing the audience brings, whom not to contact."""

from collections.abc import Callable

import pandas as pd

from customerbase import i18n
from customerbase.campaigns.uplift.effects import HARMED, LEVEL, RANK
from customerbase.campaigns.uplift.evaluation import PROVEN
from customerbase.campaigns.uplift.people import FEW, FEW_BUYERS, READY

Money = Callable[[float], str]
Names = Callable[[str], str]


def lines(
    campaigns: pd.DataFrame | None,
    policy: pd.DataFrame | None,
    groups: pd.DataFrame | None,
    *,
    language: str,
    k_min: int,
    segment: Names,
) -> list[tuple[str, str]]:
    """Label and sentence: campaigns studied or why none, the newest one's verdict, policy, whom not to contact, groups."""
    if campaigns is None or not (campaigns["state"] != "one_arm").any():
        return [(_label("campaigns", language), i18n.word("uplift.none", language))]
    newest = newest_first(campaigns)
    held = newest[newest["state"] != "one_arm"]
    ready = held[held["state"] == READY]
    counts = {"n": len(held), "ranked": len(ready)}
    if not len(ready):
        told = i18n.sentence("uplift.not_studied", language, n=len(held))
        return [(_label("campaigns", language), told), *_few(held, language, k_min)]
    told = [(_label("campaigns", language), i18n.sentence("uplift.studied", language, **counts))]
    row = ready.iloc[0]
    told.append((_label("aim", language), _verdict(row, language)))
    told.append((_label("policy", language), _policy(row, own(policy, row), language)))
    told.append((_label("against", language), _harmed(row, own(groups, row), language, segment)))
    return [*told, (_label("groups", language), _differs(row, own(groups, row), language, segment))]


def title(row: pd.Series, language: str) -> str:
    """The finding of a Qini curve."""
    return i18n.sentence(f"uplift.title.{row['verdict']}", language, name=row["name"])


def campaign_table(campaigns: pd.DataFrame, language: str, k_min: int, most: int = 12) -> pd.DataFrame:
    """The newest campaigns with their effect on the share who bought, and whether they could be studied."""
    rows = campaigns.head(most)
    columns = {
        "campaign": rows["name"],
        "people": [count(value, k_min, language) for value in rows["people"]],
        "held_out": [count(value, k_min, language) for value in rows["control"]],
        "effect": [i18n.points(value, language) for value in _shown(rows, "effect", k_min)],
        "interval": _spans(_shown(rows, "effect_low", k_min), _shown(rows, "effect_high", k_min), language),
        "needed": [people(value, language) for value in _shown(rows, "needed", k_min)],
        "state": [i18n.word(f"uplift.state.{value}", language) for value in rows["state"]],
    }
    return _framed(columns, language)


def model_table(models: pd.DataFrame, language: str) -> pd.DataFrame:
    """Qini, AUUC and the difference to the response model of every learner of one campaign."""
    rows = models.sort_values("qini", ascending=False)
    made = pd.DataFrame({
        i18n.word("uplift.head.learner", language): [i18n.word(f"uplift.learner.{one}", language) for one in rows["learner"]],
        "Qini": [coefficient(value) for value in rows["qini"]],
        i18n.word("uplift.head.interval", language): _coefficients(rows, "qini", language),
        "AUUC": [coefficient(value) for value in rows["auuc"]],
        i18n.word("uplift.head.against", language): [coefficient(value) for value in rows["against"]],
        f"{i18n.word('uplift.head.interval', language)} ": _coefficients(rows, "against", language),
    })  # fmt: skip
    return made.set_index(made.columns[0])


def policy_table(policy: pd.DataFrame, language: str, money: Money) -> pd.DataFrame:
    """Rules of contact of one campaign per 1,000 of its people."""
    buyers, revenue = (policy[policy["outcome"] == one].reset_index(drop=True) for one in ("customers", "revenue"))
    made = pd.DataFrame({
        i18n.word("uplift.head.rule", language): [i18n.word(f"uplift.rule.{one}", language) for one in buyers["rule"]],
        i18n.word("uplift.head.share", language): [i18n.number(one, "rate", language) for one in buyers["share"]],
        i18n.word("uplift.head.buyers", language): [signed(one) for one in buyers["value"]],
        i18n.word("uplift.head.interval", language): [i18n.span(signed(a), signed(b), language) for a, b in zip(buyers["value_low"], buyers["value_high"], strict=True)],
        i18n.word("uplift.head.revenue", language): [money(one) for one in revenue["value"]],
        f"{i18n.word('uplift.head.interval', language)} ": [i18n.span(money(a), money(b), language) for a, b in zip(revenue["value_low"], revenue["value_high"], strict=True)],
        i18n.word("uplift.head.cost", language): [money(one) for one in buyers["cost"]],
    })  # fmt: skip
    return made.set_index(made.columns[0])


def group_table(groups: pd.DataFrame, language: str, segment: Names) -> pd.DataFrame:
    """Effect on the groups of one campaign, and pulled to the common effect."""
    columns = {
        "group": [
            group(*pair, language, segment) for pair in zip(groups["dimension"], groups["group_value"], strict=True)
        ],
        "people": [people(value, language) for value in groups["people"]],
        "bought": [i18n.number(value, "rate", language) for value in groups["share_treated"]],
        "bought_control": [i18n.number(value, "rate", language) for value in groups["share_control"]],
        "effect": [i18n.points(value, language) for value in groups["effect"]],
        "pulled": [i18n.points(value, language) for value in groups["shrunk"]],
        "interval": _spans(groups["shrunk_low"], groups["shrunk_high"], language),
        "verdict": [i18n.word(f"uplift.verdict.{value}", language) for value in groups["verdict"]],
    }
    return _framed(columns, language)


def group(dimension: str, value: str, language: str, segment: Names) -> str:
    """A group as people call it, with its dimension."""
    kind = i18n.word(f"uplift.dimension.{dimension}", language)
    if value in ("never", "rest"):
        name = i18n.word(f"uplift.group.{value}", language)
    else:
        name = segment(value) if dimension == "segment" else i18n.word(f"uplift.group.{dimension}.{value}", language)
    return f"{kind}：{name}" if language == "ja" else f"{kind}: {name}"


def count(value: object, k_min: int, language: str) -> str:
    """How many people, "<10" where that is few."""
    return i18n.MISSING if i18n.missing(value) else f"<{k_min}" if 0 < int(value) < k_min else people(value, language)  # type: ignore[call-overload]


def people(value: object, language: str) -> str:
    """A number of people, in prose form: three significant digits beyond a thousand."""
    if i18n.missing(value) or value == float("inf"):
        return i18n.MISSING
    return f"{float(f'{float(value):.3g}'):,.0f}" if float(value) > 1_000 else f"{float(value):,.0f}"  # type: ignore[arg-type]


def coefficient(value: object) -> str:
    """A Qini or AUUC: three decimals, a true minus."""
    return i18n.MISSING if i18n.missing(value) else f"{float(value):.3f}".replace("-", i18n.MINUS)  # type: ignore[arg-type]


def signed(value: float) -> str:
    """A gain per 1,000 people: one decimal, with its sign."""
    told = f"{value:+,.1f}".replace("-", i18n.MINUS)
    return "±0.0" if told[1:] == "0.0" else told


def _label(key: str, language: str) -> str:
    return i18n.word(f"uplift.line.{key}", language)


def newest_first(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Campaigns from the one that ended last to the first."""
    order = ["last_day", "source_system", "campaign_id"]
    return campaigns.sort_values(order, ascending=[False, True, True], kind="stable")


def own(table: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """The rows of one campaign."""
    return table[(table["source_system"] == row["source_system"]) & (table["campaign_id"] == row["campaign_id"])]


def _few(held: pd.DataFrame, language: str, k_min: int) -> list[tuple[str, str]]:
    rows = held[held["state"].isin([FEW, FEW_BUYERS])]
    if not len(rows):
        return []
    row = rows.iloc[0]
    numbers = {"people": count(row["people"], k_min, language), "control": count(row["control"], k_min, language)}
    told = i18n.sentence("uplift.few", language, name=row["name"], needed=people(row["needed"], language), **numbers)
    return [(_label("people", language), told)]


def _verdict(row: pd.Series, language: str) -> str:
    interval = i18n.span(coefficient(row["qini_low"]), coefficient(row["qini_high"]), language)
    told = i18n.sentence(
        f"uplift.{row['verdict']}", language, name=row["name"], qini=coefficient(row["qini"]), interval=interval
    )
    if row["verdict"] == PROVEN or row["needed"] <= row["people"]:
        return told
    return i18n.run_on(
        [told, i18n.sentence("uplift.next_test", language, needed=people(row["needed"], language))], language
    )


def _policy(row: pd.Series, policy: pd.DataFrame, language: str) -> str:
    rules = policy[policy["outcome"] == "customers"].set_index("rule")
    top, everybody = rules.loc["top"], rules.loc["everybody"]
    told = i18n.sentence(
        "uplift.policy", language, name=row["name"], share=i18n.number(top["share"], "rate", language).replace(".0", ""),
        top=signed(top["value"]), top_interval=i18n.span(signed(top["value_low"]), signed(top["value_high"]), language),
        all=signed(everybody["value"]), all_interval=i18n.span(signed(everybody["value_low"]), signed(everybody["value_high"]), language),
    )  # fmt: skip
    clear = top["random_low"] > 0
    more = (
        i18n.sentence("uplift.policy_clear", language, gain=signed(top["random"]))
        if clear
        else i18n.word("uplift.policy_unclear", language)
    )
    return i18n.run_on([told, more], language)


def _harmed(row: pd.Series, groups: pd.DataFrame, language: str, segment: Names) -> str:
    harmed = groups[groups["verdict"] == HARMED]
    if not len(harmed):
        return i18n.sentence("uplift.not_harmed", language, name=row["name"])
    names = [group(one.dimension, one.group_value, language, segment) for one in harmed.itertuples()]
    return i18n.sentence("uplift.harmed", language, name=row["name"], groups=i18n.join(names, language))


def _differs(row: pd.Series, groups: pd.DataFrame, language: str, segment: Names) -> str:
    clear = groups[(groups["dimension"] != RANK) & (groups["differs"] < LEVEL)]
    if not len(clear):
        return i18n.sentence("uplift.alike", language, name=row["name"])
    apart = clear[clear["differs"] == clear["differs"].min()]
    best = apart.loc[apart["shrunk"].idxmax()]
    return i18n.sentence(
        "uplift.differs", language, name=row["name"],
        dimension=i18n.word(f"uplift.dimension.{best['dimension']}", language),
        best=group(best["dimension"], best["group_value"], language, segment).split("：")[-1].split(": ")[-1],
        effect=i18n.points(best["shrunk"], language),
        interval=_spans([best["shrunk_low"]], [best["shrunk_high"]], language)[0],
    )  # fmt: skip


def _shown(rows: pd.DataFrame, column: str, k_min: int) -> pd.Series:
    """The values of campaigns whose arms are large enough to be shown."""
    few = rows[["treated", "control"]].min(axis=1) < k_min
    return rows[column].astype(float).mask(few)


def _spans(low, high, language: str) -> list[str]:
    pairs = zip(low, high, strict=True)
    return [
        i18n.MISSING if i18n.missing(a) else i18n.span(i18n.points(a, language), i18n.points(b, language), language)
        for a, b in pairs
    ]


def _coefficients(rows: pd.DataFrame, name: str, language: str) -> list[str]:
    pairs = zip(rows[f"{name}_low"], rows[f"{name}_high"], strict=True)
    return [i18n.MISSING if i18n.missing(a) else i18n.span(coefficient(a), coefficient(b), language) for a, b in pairs]


def _framed(columns: dict[str, object], language: str) -> pd.DataFrame:
    made = pd.DataFrame({i18n.word(f"uplift.head.{key}", language): list(values) for key, values in columns.items()})
    return made.set_index(made.columns[0])
