"""Who was asked, who answered, and the scores as they would be had all answered: non-response and its weights.

The weights are one over the probability of an answer, given what was known before, raked to those who were asked. Where
the data do not tell who was asked, the customer base stands for them: being asked and answering are then one step, and
what sets apart those who were never asked cannot be told from what sets apart those who did not answer.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

import customerbase.satisfaction.groups as groups
import customerbase.satisfaction.scores as scores
import customerbase.satisfaction.weighting as weighting
from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine, sql_text
from customerbase.features.answers import Answers
from customerbase.features.behaviour import keep
from customerbase.intervals import wilson
from customerbase.periods import add_months

ASKED, BASE = "asked", "base"  # what the weights bring the answers to: those asked, or the customer base
ACTIVE_DAYS = 365
NEVER, LONG = "none", 9999  # channel and silence of those who have not ordered
FEWEST = 30  # answers with known behaviour, for weights
RECENCY = ((30, "0-30"), (90, "31-90"), (180, "91-180"), (365, "181-365"), (np.inf, "366+"))
MARGINS = ("wave", "recency", "spend", "channel")
RESPONSE = [
    *(
        "as_of",
        "target",
        "dimension",
        "value",
        "asked",
        "answered",
        "rate",
        "low",
        "high",
        "share_asked",
        "share_answered",
    ),
    "mean_weight",
]


@dataclass(frozen=True)
class Response:
    """One row per customer and wave who was asked (or, if unknown, could have been): what was known, whether answered.

    target: ASKED or BASE; weight: of those who answered, NaN for others; outside: answers of nobody in these rows;
    invited: per wave the number invited by the company's own count, where it gives one.
    """

    frame: pd.DataFrame
    target: str
    outside: int
    invited: pd.DataFrame

    @property
    def weighted(self) -> bool:
        """Whether there were answers enough for weights."""
        return bool(len(self.frame)) and bool(self.frame["weight"].notna().any())


def gather(db: Engine, answers: Answers, *, as_of: date, months: int = 12) -> Response:
    """Response of the waves that asked in the last `months` months.

    Reads satisfaction_answers, survey_invitations, surveys, inquiries, identity_links and customer_orders (all up to as_of);
    of each customer only what was known before the wave asked.
    """
    since, until = add_months(as_of, 1 - months), as_of + timedelta(days=1)
    keep(db, "satisfaction_asked", sql_text("satisfaction_asked"), until=until)
    given = answers.frame[pd.to_datetime(answers.frame["asked_month"]) >= pd.Timestamp(since)]
    asked = db.query("select * from satisfaction_asked").df()
    waves = _waves(given, asked, since)
    db.register("satisfaction_waves", waves)
    frame = db.run("satisfaction_known").df()
    who = given.loc[given["known"] == 1, ["wave", "customer_id"]].drop_duplicates().assign(answered=1)
    known = asked.loc[asked["wave"].isin(waves["wave"]), ["wave", "customer_id"]].assign(asked=1)
    for one in (known, who):
        frame = frame.merge(one, on=["wave", "customer_id"], how="outer")
    never = {"channel": NEVER, "days_since_last_order": LONG, "days_since_first_order": 0}
    numbers = [name for name in frame if name not in ("wave", "customer_id")]
    frame = frame.fillna(never).fillna(dict.fromkeys(numbers, 0))  # who has not ordered yet has done none of it
    target = ASKED if len(asked) and set(given["wave"]) <= set(asked["wave"]) else BASE
    # whoever answered was asked, whatever the list of invitations says
    inside = (frame["asked"] == 1) | ((frame["answered"] == 1) & (target == ASKED))
    kept = frame[inside if target == ASKED else frame["days_since_last_order"] <= ACTIVE_DAYS].reset_index(drop=True)
    kept = weigh(_classes(kept), target)
    outside = given[["wave", "customer_id"]].drop_duplicates().shape[0] - int(kept["answered"].sum())
    return Response(kept, target, outside, _invited(db, given, since, as_of))


def _waves(given: pd.DataFrame, asked: pd.DataFrame, since: date) -> pd.DataFrame:
    """Waves and the day on which each began to ask: of the invitations, else the first of its month."""
    days = asked.groupby("wave")["asked_on"].min() if len(asked) else pd.Series(dtype="datetime64[us]")
    months = given.groupby("wave")["asked_month"].min()
    made = pd.DataFrame({"month": months, "day": days})
    made["asked_on"] = pd.to_datetime(made["day"]).fillna(pd.to_datetime(made["month"])).dt.date
    made = made[[day >= since for day in made["asked_on"]]] if len(made) else made
    return made.rename_axis("wave").reset_index()[["wave", "asked_on"]].astype({"wave": str})


def _classes(frame: pd.DataFrame) -> pd.DataFrame:
    """Classes of recency (days) and of spend (thirds of those who were there in the wave)."""
    days = frame["days_since_last_order"].to_numpy(dtype=float)
    recency = np.array([name for _, name in RECENCY], dtype=object)[
        np.digitize(days, [end for end, _ in RECENCY], right=True)
    ]
    rank = frame.groupby("wave")["spend_365"].rank(pct=True).to_numpy(dtype=float)
    spend = np.array(["low", "middle", "high"], dtype=object)[np.digitize(rank, [1 / 3, 2 / 3], right=True)]
    return frame.assign(recency=recency, spend=spend)


def weigh(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """The frame with the weight of each answer, of mean 1; NaN where nobody answered or too few did."""
    answered = frame["answered"].to_numpy() == 1
    weight = np.full(len(frame), np.nan)
    if answered.sum() >= FEWEST:
        start = 1 / weighting.probabilities(_design(frame), answered)[answered]
        columns = [name for name in MARGINS if name != "wave" or target == ASKED]
        weight[answered] = weighting.rake(start, frame.loc[answered, columns], frame[columns])
    return frame.assign(weight=weight)


def _design(frame: pd.DataFrame) -> pd.DataFrame:
    """What the response model knows: behaviour, channel and wave."""
    columns = {
        "orders_log": frame["orders_365"], "spend_log": np.maximum(frame["spend_365"], 0),
        "recency_log": frame["days_since_last_order"], "age_log": frame["days_since_first_order"],
        "returns": frame["returns_365"] > 0, "inquiries": frame["inquiries_365"] > 0,
    }  # fmt: skip
    for name in ("channel", "wave"):
        columns |= {f"{name} {value}": frame[name] == value for value in sorted(set(frame[name]))[1:]}
    return pd.DataFrame(columns).astype(float)


def _invited(db: Engine, given: pd.DataFrame, since: date, as_of: date) -> pd.DataFrame:
    """Survey, day it began, people invited by the company's count, people who answered."""
    told = db.query(
        "select source_system || ':' || survey_id as survey, start_date, invited from surveys"
        " where invited > 0 and start_date between $since and $as_of order by 1",
        since=since, as_of=as_of,
    ).df()  # fmt: skip
    people = given.groupby("survey")["customer_id"].nunique()
    return told.assign(answered=told["survey"].map(people).fillna(0).astype("int64"))


def table(response: Response, groups_of: pd.DataFrame, *, as_of: date, k_min: int = 10) -> pd.DataFrame:
    """Rates of response by class (columns RESPONSE), all first; empty rates where few people stand on one side.

    groups_of: further columns of the frame by dimension. rate: answered of asked with its interval (people who were asked
    twice count as one); share_asked and share_answered: the class's share of both, which differ where it answers more or
    less than others; mean_weight of its answers. The company's own count of those invited, survey by survey, comes last.
    """
    frame = response.frame.assign(**groups_of)
    dimensions = [groups.ALL, "wave", "recency", "spend", "channel", *groups_of.columns]
    parts = [_rates(frame, name, k_min) for name in dimensions] if len(frame) else []
    told = response.invited
    if len(told):
        low, high = wilson(np.minimum(told["answered"], told["invited"]), told["invited"])
        few = np.minimum(told["answered"], told["invited"] - told["answered"]) < k_min
        own = pd.DataFrame({"dimension": "invited", "value": told["survey"], "asked": told["invited"].astype("Int64")})
        own = own.assign(
            answered=told["answered"].astype("Int64"), rate=told["answered"] / told["invited"], low=low, high=high
        )
        parts.append(own.assign(**{name: own[name].mask(few) for name in ("answered", "rate", "low", "high")}))
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=RESPONSE)
    return made.assign(as_of=as_of, target=response.target).reindex(columns=RESPONSE)


def _rates(frame: pd.DataFrame, dimension: str, k_min: int) -> pd.DataFrame:
    of = (
        pd.Series(groups.ALL, index=frame.index) if dimension == groups.ALL else frame[dimension].fillna(groups.UNKNOWN)
    )
    values = sorted(set(of))
    codes, y = of.map(values.index).to_numpy(dtype=int), frame["answered"].to_numpy(dtype=float)
    told = pd.DataFrame(
        scores.estimates(y, "csat", "yes_no", codes, len(values), frame["customer_id"].to_numpy())
    ).rename(columns={"value": "rate", "n": "asked"})
    answered = np.bincount(codes, y, len(values)).round().astype(int)
    weights = np.bincount(codes, frame["weight"].fillna(0), len(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        told = told.assign(
            dimension=dimension, value=values, answered=answered, share_asked=told["asked"] / len(frame),
            share_answered=answered / max(answered.sum(), 1), mean_weight=np.where(weights > 0, weights / answered, np.nan),
        )  # fmt: skip
    hidden = suppress_parts(answered, k_min) | suppress_parts(told["asked"].to_numpy() - answered, k_min)
    told = told.astype({"asked": "Int64", "answered": "Int64"})
    private = ["answered", "rate", "low", "high", "share_answered", "mean_weight"]
    return told.assign(**{name: told[name].mask(hidden) for name in private})


def weighted_scores(lately: pd.DataFrame, response: Response, *, as_of: date) -> pd.DataFrame:
    """Scores of the answers of the window as they are and weighted, of the same people (columns groups.SCORES).

    lately: the answers that figures of the window may count (answers.window), the same as those of the plain score: one
    answer more here would tell what it was. Both rest on answers of people whose behaviour was known; the weighted one's
    interval knows its weights.
    """
    if not response.weighted:
        return pd.DataFrame(columns=groups.SCORES)
    weights = response.frame.dropna(subset=["weight"])[["wave", "customer_id", "weight"]].rename(
        columns={"weight": "times"}
    )
    frame = lately.merge(weights, on=["wave", "customer_id"])
    rows = []
    for measure, scale in scores.series(frame):
        chosen = scores.of(frame, measure, scale)
        for method, times in ((groups.RAW, 1.0), (groups.WEIGHTED, chosen["times"].to_numpy())):
            told = scores.estimate(
                chosen["y"].to_numpy(),
                measure,
                scale,
                chosen["customer_id"].to_numpy(),
                chosen["weight"].to_numpy() * times,
            )
            told["score"] = told.pop("value")
            same = {
                "method": method,
                "measure": measure,
                "scale": scale,
                "dimension": "response",
                "value": response.target,
            }
            rows.append(same | told | {"verdict": ""})
    return pd.DataFrame(rows).assign(as_of=as_of).reindex(columns=groups.SCORES)
