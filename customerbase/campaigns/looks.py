"""Campaigns in words: what came to a result, money, what still runs, faults, weaker evidence, the next test, the method's check."""

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from customerbase import i18n
from customerbase.campaigns.control import broken
from customerbase.campaigns.judge import NOT_PROVEN, RANDOMISED, RUNNING, VERDICTS
from customerbase.campaigns.wording import PER, Words
from customerbase.periods import month_label

YEAR = 365
USUAL_SHARE = 0.3
MOST = 3  # campaigns told one by one; the table has all


def lines(tables: Mapping[str, pd.DataFrame], words: Words, *, as_of: date) -> list[tuple[str, str]]:
    """Label and sentences of the month; [] for a company without a campaign. tables: those of 11_campaigns."""
    results = tables["campaign_results"]
    if not len(results):
        return []
    told = {
        "verdict": verdicts(results, words, as_of=as_of),
        "money": money(results, words, as_of=as_of),
        "running": running(results, tables["campaign_looks"], words),
        "faults": faults(tables["campaign_faults"], results, words, as_of=as_of),
        "weaker": weaker(tables["campaign_unheld"], results, words, as_of=as_of),
        "next": following(tables["campaign_plans"], words),
        "control": control(tables["global_control"], words),
        "trials": trials(tables["campaign_trials"], words),
    }
    return [(words.word(f"label.{name}"), i18n.run_on(said, words.language)) for name, said in told.items() if said]


def ended(results: pd.DataFrame, as_of: date, days: int | None = None) -> pd.DataFrame:
    """Campaigns that came to a result in the month of as_of, or in so many days; the newest first."""
    end = pd.Timestamp(as_of + timedelta(days=1))
    since = pd.Timestamp(as_of.replace(day=1)) if days is None else end - pd.Timedelta(days=days)
    ends = pd.to_datetime(results["ends_at"])
    mine = results[(ends > since) & (ends <= end) & (results["state"] != RUNNING)]
    return mine.sort_values(["ends_at", "campaign_id"], ascending=[False, True])


def verdicts(results: pd.DataFrame, words: Words, *, as_of: date) -> list[str]:
    """What each campaign of the month came to, then the last twelve months together."""
    mine, month = ended(results, as_of), month_label(as_of.replace(day=1), words.language)
    said = [words.say("judged" if len(mine) else "judged_none", month=month, **({"n": len(mine)} if len(mine) else {}))]
    said += [verdict(row, words) for row in mine.head(MOST).to_dict("records")]
    year = ended(results, as_of, YEAR)
    counts = {name: int((year["verdict"] == name).sum()) for name in VERDICTS}
    if len(year) > len(mine):
        said.append(words.say("year", n=len(year), **counts))
    return said


def verdict(row: Mapping, words: Words) -> str:
    """One campaign's result."""
    name = words.name(row)
    if i18n.missing(row["effect"]) or i18n.missing(row["low"]):
        reason = row["reason"] if not i18n.missing(row["reason"]) and row["reason"] else row["state"]
        return words.say("untold", name=name, reason=words.word(f"reason.{reason}"))
    values = {
        "effect": words.per_thousand(row["effect"], row["outcome"]),
        "outcome": words.word(f"outcome.{row['outcome']}"),
    }
    values |= {"interval": words.range(row["low"], row["high"], row["outcome"]), "name": name}
    values |= {"treated": words.count(row["n_treated"]), "control": words.count(row["n_control"])}
    kind = "found" if row["method"] == RANDOMISED else "found_alike"
    if kind == "found_alike":
        values.pop("control")
    text = words.say(f"{kind}.{row['verdict']}", **values)
    reason = row["reason"]
    return text if not reason else i18n.run_on([text, words.word(f"reason.{reason}")], words.language)


def money(results: pd.DataFrame, words: Words, *, as_of: date) -> list[str]:
    """Cost, margin and return of the month's campaigns that have them, and of the year."""
    mine = [row for row in ended(results, as_of).head(MOST).to_dict("records") if not i18n.missing(row["roi_low"])]
    said = [_return(row, words) for row in mine]
    year = ended(results, as_of, YEAR).dropna(subset=["roi_low", "cost"])
    if len(year) > 1:
        sure = {"gained": int((year["roi_low"] > 0).sum()), "lost": int((year["roi_high"] < 0).sum())}
        said.append(words.say("money_year", n=len(year), cost=words.money(float(year["cost"].sum())), **sure))
    return said


def _return(row: Mapping, words: Words) -> str:
    kind = "gained" if row["roi_low"] > 0 else "lost" if row["roi_high"] < 0 else "open"
    values = {
        "name": words.name(row),
        "cost": words.money(row["cost"]),
        "margin": words.money(row["margin"], signed=True),
    }
    values |= {
        "interval": words.moneys(row["margin_low"], row["margin_high"]),
        "roi": words.rate(row["roi"], signed=True),
    }
    return words.say(f"money.{kind}", roi_interval=words.rates(row["roi_low"], row["roi_high"]), **values)


def running(results: pd.DataFrame, looks: pd.DataFrame, words: Words) -> list[str]:
    """What is not over yet, and whether the guarded interval is clear already."""
    said = []
    for row in results[results["state"] == RUNNING].to_dict("records"):
        ends = i18n.day(pd.Timestamp(row["ends_at"]).date(), words.language)
        said.append(words.say("running", name=words.name(row), ends=ends))
        mine = looks[(looks["campaign_id"] == row["campaign_id"])].dropna(subset=["low"])
        if len(mine):
            last = mine.iloc[-1]
            kind = "clear" if last["clear"] else "unclear"
            interval = words.range(last["low"], last["high"], last["outcome"])
            outcome = words.word(f"outcome.{last['outcome']}")
            said.append(words.say(f"look.{kind}", days=int(last["days"]), interval=interval, outcome=outcome))
    return said


def faults(table: pd.DataFrame, results: pd.DataFrame, words: Words, *, as_of: date) -> list[str]:
    """Faults of the year's campaigns and of those that run, by kind."""
    running = results[results["state"] == RUNNING]
    recent = pd.concat([ended(results, as_of, YEAR), running])["campaign_id"]
    mine = table[table["campaign_id"].isin(recent)]
    if not len(mine):
        return []
    kinds = mine.groupby("fault", sort=True)["people"].sum()
    parts = [
        i18n.aside(words.word(f"fault.{fault}"), words.count(people), words.language) for fault, people in kinds.items()
    ]
    return [words.say("faults", list=i18n.join(parts, words.language))]


def weaker(table: pd.DataFrame, results: pd.DataFrame, words: Words, *, as_of: date) -> list[str]:
    """The year's campaigns without a hold-out: how they were compared, and what the checks say."""
    mine = ended(results, as_of, YEAR)
    rows = mine.merge(table, on=["campaign_id", "outcome"], how="inner", suffixes=("", "_check"))
    said = []
    for row in rows.head(MOST).to_dict("records"):
        balance = f"{row['smd_after']:.2f}"
        values = {"name": words.name(row), "method": words.word(f"method.{row['method']}"), "balance": balance}
        placebo = words.range(row["placebo_low"], row["placebo_high"], row["outcome"])
        said.append(words.say("weaker" if placebo != i18n.MISSING else "weaker_untried", **values, **(
            {"placebo": placebo} if placebo != i18n.MISSING else {})))  # fmt: skip
    bounds = table.loc[table["campaign_id"].isin(rows["campaign_id"]) & table["e_value_bound"].notna(), "e_value_bound"]
    if len(bounds):
        said.append(words.say("unseen", ratio=f"{float(bounds.astype(float).min()):.1f}"))
    return [*said, words.word("weaker_caution")] if said else []


def following(plans: pd.DataFrame, words: Words, outcome: str = "orders") -> list[str]:
    """What the next campaign of each channel could show."""
    mine = plans[(plans["outcome"] == outcome) & (plans["share"] == USUAL_SHARE)].dropna(subset=["detectable"])
    said = []
    for row in mine.to_dict("records"):
        values = {
            "channel": words.channel(row["channel"]),
            "people": words.count(row["people"]),
            "share": words.rate(row["share"]),
        }
        values |= {"outcome": words.word(f"outcome.{outcome}"), "least": words.per_thousand(row["detectable"], outcome)}
        said.append(words.say("next", **values))
        if not i18n.missing(row["power"]):
            usual = words.per_thousand(row["usual"], outcome)
            said.append(
                words.say("next_power", usual=usual, power=words.rate(row["power"]), times=int(row["campaigns_needed"]))
            )
        if not i18n.missing(row["holdout_cost"]):
            said.append(words.say("next_cost", cost=words.money(row["holdout_cost"])))
    return said


def control(table: pd.DataFrame, words: Words) -> list[str]:
    """All campaigns together against the global control group."""
    if not len(table):
        return []
    if broken(table):
        return [words.word("control_broken")]
    whole = table[~table["before"].astype(bool) & table["whole"].astype(bool)]
    if not len(whole):
        return [words.word("control_early")]
    last = whole.iloc[-1]
    if i18n.missing(last["cumulated"]):
        return [words.say("control_few", k=words.k_min)]
    low, high = last["cumulated_low"], last["cumulated_high"]
    kind = "more" if low > 0 else "less" if high < 0 else "open"
    values = {
        "quarters": len(whole),
        "total": words.money(last["cumulated"], signed=True),
        "interval": words.moneys(low, high),
    }
    return [words.say(f"control.{kind}", n=words.count(last["n_control"]), **values)]


def trials(table: pd.DataFrame, words: Words, outcome: str = "orders") -> list[str]:
    """Whether the method cries wolf on the company's own customers."""
    mine = table[table["outcome"] == outcome]
    if not len(mine):
        return []
    row = mine.iloc[0]
    span = i18n.span(words.rate(row["low"]), words.rate(row["high"]), words.language)
    kind = "held" if row["within"] else "missed"
    return [words.say(f"trials.{kind}", draws=f"{int(row['draws']):,}", rate=words.rate(row["rate"]), band=span)]


def picture_rows(results: pd.DataFrame, words: Words, *, outcome: str | None = None, most: int = 12) -> pd.DataFrame:
    """The newest campaigns with an interval, of one outcome: name, value, low, high (per 1,000 people), clear, weak."""
    known = results.dropna(subset=["effect", "low", "high"])
    if not len(known):
        return pd.DataFrame(columns=["name", "value", "low", "high", "clear", "weak"])
    outcome = outcome or known["outcome"].mode().iloc[0]
    mine = (
        known[known["outcome"] == outcome].sort_values(["ends_at", "campaign_id"], ascending=[False, True]).head(most)
    )
    rows = [
        {
            "name": words.name(row),
            "value": row["effect"] * PER,
            "low": row["low"] * PER,
            "high": row["high"] * PER,
            "clear": row["verdict"] != NOT_PROVEN,
            "weak": row["method"] != RANDOMISED,
            "people": row["n_treated"] + row["n_control"],
            "outcome": outcome,
        }
        for row in mine.to_dict("records")
    ]
    return pd.DataFrame(rows)


def title(results: pd.DataFrame, words: Words, *, as_of: date) -> str:
    """The finding of the picture: how many of the year's campaigns worked."""
    year = ended(results, as_of, YEAR)
    counts = {name: int((year["verdict"] == name).sum()) for name in VERDICTS}
    kind = "harmful" if counts["harmful"] else "worked" if counts["worked"] else "nothing"
    return words.say(f"title.{kind}", n=len(year), **({} if kind == "nothing" else {kind: counts[kind]}))
