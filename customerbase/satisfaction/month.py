"""One month's study of satisfaction: everything that page 09 shows and writes, from one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

import customerbase.features.answers as given
import customerbase.satisfaction.drivers as drivers
import customerbase.satisfaction.groups as groups
import customerbase.satisfaction.links as links
import customerbase.satisfaction.products as products
import customerbase.satisfaction.response as response
import customerbase.satisfaction.trend as by_month
from customerbase.engine import Engine
from customerbase.features.answers import WINDOW, Answers
from customerbase.satisfaction.response import Response

DAYS = links.DAYS
# way: how the survey was sent; products.PRODUCT within products.CATEGORY: what was asked about, or bought before
DIMENSIONS = ("segment", "channel", "store", "category", "way", products.CATEGORY, products.PRODUCT)


@dataclass(frozen=True)
class Satisfaction:
    """Scores, months, response, links and drivers of one month's study, as tables, and the answers they rest on."""

    as_of: date
    months: int
    days: int
    product_days: int
    k_min: int
    answers: Answers
    response: Response
    scores: pd.DataFrame
    trend: pd.DataFrame
    rates: pd.DataFrame
    links: pd.DataFrame
    drivers: pd.DataFrame

    @property
    def people(self) -> int:
        """Who answered a scored question in the window."""
        own = self.scores[(self.scores["dimension"] == groups.ALL) & (self.scores["measure"] != "stars_mean")]
        return int(own["people"].max()) if len(own) else 0

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name -> content."""
        return {
            "satisfaction_scores": self.scores.assign(months=self.months, product_days=self.product_days),
            "satisfaction_trend": self.trend,
            "satisfaction_response": self.rates.assign(months=self.months),
            "satisfaction_links": self.links,
            "satisfaction_drivers": self.drivers,
        }

    def records(self) -> dict[str, int | float]:
        """What stays with the run."""
        told = {"answered": self.people, **{f"answers_{name}": n for name, n in self.answers.left_out.items()}}
        told["products"] = int(self.scores.loc[self.scores["dimension"] == products.PRODUCT, "value"].nunique())
        return told | {
            "weighted": int(self.response.weighted),
            "who_was_asked_known": int(self.response.target == response.ASKED),
        }


def satisfaction(
    db: Engine,
    *,
    as_of: date,
    months: int = WINDOW,
    days: int = DAYS,
    product_days: int = products.DAYS,
    k_min: int = 10,
    questions: Mapping | None = None,
    segments: duckdb.DuckDBPyRelation | None = None,
) -> Satisfaction:
    """The study of a month: scores of the last `months` months, what came in the `days` days after the answers.

    An answer that names no product is about that of the last order in the `product_days` days before it was asked for.

    Reads survey_answers, surveys, survey_invitations, reviews, products, order_lines, inquiries, quarantine (any of them may
    be missing), identity_links, profile and customer_orders (features.customer_orders, up to as_of). questions:
    `survey_questions` of the pipeline's YAML; segments: customer_id and segment. Stars of reviews stand beside the
    surveys in scores and trend; who answers, what came after and what matters are of surveys.
    """
    answers = given.gather(db, as_of=as_of, settings=questions)
    said = pd.concat([answers.frame, products.reviews(db, as_of=as_of)], ignore_index=True)
    lately = given.window(said, as_of=as_of, k_min=k_min, months=months)
    of = _dimensions(db, lately, segments, product_days)
    responded = response.gather(db, answers, as_of=as_of, months=months)
    scored = groups.by_group(lately, of, as_of=as_of, k_min=k_min)
    weighted = response.weighted_scores(lately, responded, as_of=as_of)
    after = links.gather(db, answers, as_of=as_of, days=days)
    segment = _segment(responded.frame, segments)
    return Satisfaction(
        as_of, months, days, product_days, k_min, answers, responded,
        scores=_labelled(db, pd.concat([scored, weighted], ignore_index=True) if len(weighted) else scored),
        trend=by_month.trend(said, as_of=as_of, k_min=k_min),
        rates=response.table(responded, segment, as_of=as_of, k_min=k_min),
        links=links.table(after, as_of=as_of, days=days, k_min=k_min),
        drivers=drivers.judge(drivers.study(answers.frame, responded.frame, after), as_of=as_of),
    )  # fmt: skip


def _dimensions(
    db: Engine, frame: pd.DataFrame, segments: duckdb.DuckDBPyRelation | None, product_days: int
) -> dict[str, pd.Series]:
    """Segment, main channel, main store and favourite category of who gave each answer; how its survey was sent; its product."""
    known = db.query(
        "select customer_id, main_channel as channel, main_store as store, favourite_category as category from profile"
    ).df()
    known = known.drop_duplicates("customer_id").set_index("customer_id")
    found = {name: frame["customer_id"].map(known[name]) for name in known}
    ways = db.query(
        "select source_system || ':' || survey_id as survey, min(channel) as way from surveys group by 1"
    ).df()
    found["way"] = frame["survey"].map(ways.set_index("survey")["way"])
    found |= products.of(db, frame, days=product_days)
    if segments is not None:
        found["segment"] = frame["customer_id"].map(_named(segments))
    return {name: found[name] for name in DIMENSIONS if name in found and found[name].notna().any()}


def _labelled(db: Engine, scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with products by name."""
    called = products.names(db)
    own = scores["dimension"] == products.PRODUCT
    return scores.assign(
        label=[called.get(code, code) if is_one else "" for code, is_one in zip(scores["value"], own, strict=True)]
    )


def _named(segments: duckdb.DuckDBPyRelation) -> pd.Series:
    return (
        segments.project("customer_id, segment").df().drop_duplicates("customer_id").set_index("customer_id")["segment"]
    )


def _segment(frame: pd.DataFrame, segments: duckdb.DuckDBPyRelation | None) -> pd.DataFrame:
    if segments is None or not len(frame):
        return pd.DataFrame(index=frame.index)
    return pd.DataFrame({"segment": frame["customer_id"].map(_named(segments))})


# what charts.caption prints under Japanese figures
satisfaction.definition_ja = "直近の回答（同じ人の同じ調査では最新の1件）から求めた、満足度の値と95%区間"
