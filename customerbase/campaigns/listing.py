"""Campaigns as tables of texts, for a page, the report and a dashboard; groups too small are withheld."""

from collections.abc import Mapping, Sequence

import pandas as pd

from customerbase import i18n
from customerbase.campaigns.month import STEPS
from customerbase.campaigns.people import OUTCOMES, STRATA
from customerbase.campaigns.wording import Words


def campaigns(results: pd.DataFrame, words: Words, *, most: int = 12) -> pd.DataFrame:
    """One row per campaign, the newest first: verdict, effect per 1,000, people, cost, margin and return."""
    mine = results.sort_values(["ends_at", "campaign_id"], ascending=[False, True]).head(most)
    rows = [_campaign(row, words) for row in mine.to_dict("records")]
    return _headed(rows, ("name", "verdict", "outcome", "effect", "interval", "people", "cost", "margin", "roi"), words)


def _campaign(row: Mapping, words: Words) -> dict[str, str]:
    state = row["state"] if i18n.missing(row["verdict"]) else row["verdict"]
    kind = "state" if i18n.missing(row["verdict"]) else "verdict"
    told = words.word(f"{kind}.{state}")
    if not i18n.missing(row["method"]) and row["method"] != "randomised":
        told = i18n.aside(told, words.word("weak"), words.language)
    return {
        "name": words.name(row),
        "verdict": told,
        "outcome": words.word(f"outcome.{row['outcome']}"),
        "effect": words.per_thousand(row["effect"], row["outcome"]),
        "interval": words.range(row["low"], row["high"], row["outcome"]),
        "people": f"{words.count(row['n_treated'])} / {words.count(row['n_control'])}",
        "cost": words.money(row["cost"]),
        "margin": words.money(row["margin"], signed=True),
        "roi": i18n.MISSING if i18n.missing(row["roi_low"]) else i18n.aside(
            words.rate(row["roi"], signed=True), words.rates(row["roi_low"], row["roi_high"]), words.language
        ),
    }  # fmt: skip


def outcomes(effects: pd.DataFrame, words: Words, campaign_id: str) -> pd.DataFrame:
    """Every outcome of one campaign: plain and adjusted effect per 1,000, variance taken away, adjusted p-value."""
    rows = [
        {
            "outcome": words.word(f"outcome.{row['outcome']}"),
            "plain": words.per_thousand(row["plain"], row["outcome"]),
            "plain_interval": words.range(row["plain_low"], row["plain_high"], row["outcome"]),
            "effect": words.per_thousand(row["effect"], row["outcome"]),
            "interval": words.range(row["low"], row["high"], row["outcome"]),
            "reduction": words.rate(row["reduction"], signed=True),
            "p": i18n.MISSING if i18n.missing(row["p_adjusted"]) else f"{row['p_adjusted']:.3f}",
            "verdict": words.word(f"verdict.{row['verdict']}"),
        }
        for row in _ranked(effects[effects["campaign_id"] == campaign_id], "outcome", OUTCOMES)
    ]
    heads = ("outcome", "plain", "plain_interval", "effect", "interval", "reduction", "p", "verdict")
    return _headed(rows, heads, words)


def parts(table: pd.DataFrame, words: Words, campaign_id: str) -> pd.DataFrame:
    """One campaign's effect by what its people had done before."""
    mine = table[table["campaign_id"] == campaign_id]
    rows = [
        {
            "stratum": words.word(f"stratum.{row['stratum']}"),
            "people": i18n.MISSING
            if i18n.missing(row["n_treated"])
            else f"{words.count(row['n_treated'])} / {words.count(row['n_control'])}",
            "effect": words.per_thousand(row["effect"], row["outcome"]),
            "interval": words.range(row["low"], row["high"], row["outcome"]),
        }
        for row in _ranked(mine[mine["stratum"].isin(STRATA)], "stratum", STRATA)
    ]
    return _headed(rows, ("stratum", "people", "effect", "interval"), words)


def funnel(table: pd.DataFrame, results: pd.DataFrame, words: Words, *, most: int = 6) -> pd.DataFrame:
    """How far the newest campaigns came: one row per campaign, one column per step."""
    newest = results.sort_values(["ends_at", "campaign_id"], ascending=[False, True]).head(most)
    names = {row["campaign_id"]: words.name(row) for row in newest.to_dict("records")}
    steps = table[table["campaign_id"].isin(names)]
    rows = []
    for code, name in names.items():
        mine = steps[steps["campaign_id"] == code].to_dict("records")
        cells = {row["step"]: _step(row, words) for row in mine}
        rows.append({"name": name} | cells)
    heads = ["name", *(step for step in STEPS if step in set(steps["step"]))]
    made = pd.DataFrame(rows, columns=heads).fillna(i18n.MISSING)
    return made.rename(columns={one: words.word("head.name" if one == "name" else f"step.{one}") for one in heads})


def _step(row: Mapping, words: Words) -> str:
    """People, and their share where both it and the rest of those planned may be told."""
    if row["step"] == "planned" or i18n.missing(row["people"]) or 0 < row["people"] < words.k_min:
        return words.count(row["people"])
    return i18n.aside(words.count(row["people"]), words.rate(row["share"]), words.language)


def faults(table: pd.DataFrame, results: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Every fault of every campaign."""
    names = {row["campaign_id"]: words.name(row) for row in results.to_dict("records")}
    rows = [
        {
            "name": names.get(row["campaign_id"], row["campaign_id"]),
            "fault": words.word(f"fault.{row['fault']}"),
            "persons": words.count(row["people"]),
        }
        for row in table.to_dict("records")
    ]
    return _headed(rows, ("name", "fault", "persons"), words)


def looks(table: pd.DataFrame, results: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Look by look: effect per 1,000 so far, and the interval that may be looked at every time."""
    names = {row["campaign_id"]: words.name(row) for row in results.to_dict("records")}
    rows = [
        {
            "name": names[row["campaign_id"]],
            "days": i18n.number(row["days"], "days", words.language),
            "effect": words.per_thousand(row["effect"], row["outcome"]),
            "interval": words.range(row["low"], row["high"], row["outcome"]),
            "bound": f"{row['bound']:.2f}",
        }
        for row in table.to_dict("records")
    ]
    return _headed(rows, ("name", "days", "effect", "interval", "bound"), words)


def plans(table: pd.DataFrame, words: Words, outcome: str = "orders") -> pd.DataFrame:
    """Shares held out beside each other: what is found, how surely, and what it costs."""
    rows = [
        {
            "channel": words.channel(row["channel"]),
            "share": words.rate(row["share"]),
            "control": words.count(row["n_control"]),
            "least": words.per_thousand(row["detectable"], outcome),
            "usual": words.per_thousand(row["usual"], outcome),
            "power": words.rate(row["power"]),
            "needed": i18n.number(row["people_needed"], "people", words.language),
            "holdout": words.money(row["holdout_cost"]),
        }
        for row in table[table["outcome"] == outcome].to_dict("records")
    ]
    return _headed(rows, ("channel", "share", "control", "least", "usual", "power", "needed", "holdout"), words)


def trials(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Draws of arms that were treated alike."""
    rows = [
        {
            "outcome": words.word(f"outcome.{row['outcome']}"),
            "persons": words.count(row["people"]),
            "draws": f"{int(row['draws']):,}",
            "rate": words.rate(row["rate"]),
            "band": i18n.span(words.rate(row["low"]), words.rate(row["high"]), words.language),
        }
        for row in _ranked(table, "outcome", OUTCOMES)
    ]
    return _headed(rows, ("outcome", "persons", "draws", "rate", "band"), words)


def control(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Quarter by quarter against the global control group."""
    rows = [
        {
            "quarter": _quarter(row["quarter"], words.language),
            "reach": f"{words.count(row['n_others'])} / {words.count(row['n_control'])}",
            "total": words.money(row["total"], signed=True),
            "total_interval": words.moneys(row["total_low"], row["total_high"]),
            "cumulated": words.money(row["cumulated"], signed=True),
            "cumulated_interval": words.moneys(row["cumulated_low"], row["cumulated_high"]),
            "note": _remark(row, words),
        }
        for row in table.to_dict("records")
    ]
    heads = ("quarter", "reach", "total", "total_interval", "cumulated", "cumulated_interval", "note")
    return _headed(rows, heads, words)


def _quarter(day, language: str) -> str:
    stamp = pd.Timestamp(day)
    number = (stamp.month + 2) // 3
    return f"{stamp.year}年第{number}四半期" if language == "ja" else f"Q{number} {stamp.year}"


def _remark(row: Mapping, words: Words) -> str:
    """What a quarter's row must not be read as."""
    if row["before"]:
        return words.word("quarter.before")
    return "" if row["whole"] else words.word("quarter.part")


def newest(results: pd.DataFrame) -> str | None:
    """The campaign that came to a result last and has an effect; None without one."""
    known = results.dropna(subset=["effect"]).sort_values(["ends_at", "campaign_id"])
    return None if not len(known) else str(known["campaign_id"].iloc[-1])


def _ranked(table: pd.DataFrame, column: str, order: Sequence[str]) -> list[dict]:
    """The rows in the order that their column has in the text, whatever the order of the table."""
    return sorted(table.to_dict("records"), key=lambda row: order.index(row[column]))


def _headed(rows: list[dict], heads: tuple[str, ...], words: Words) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(heads)).rename(columns={one: words.word(f"head.{one}") for one in heads})
