"""The answers to surveys that count: one per person, wave and question, each with what its question measures.

Page 09 and the KPIs rest on them: which answer counts, and what of, is decided here and in `scales` and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features.behaviour import keep
from customerbase.features.scales import ASIDE, TOP, Question, on_scale, questions
from customerbase.features.snapshots import exists
from customerbase.periods import add_months

WINDOW = 12  # months whose answers count for scores by group
# what a table that a company may not have would hold: enough to find nothing in it
_OPTIONAL = {
    "survey_answers": "source_system varchar, response_id varchar, survey_id varchar, source_customer_id varchar,"
    " question_id varchar, product_id varchar, asked_at timestamp, answered_at timestamp, scale varchar, answer_num decimal(18, 4),"
    " weight decimal(18, 6), source_row_id varchar",
    "surveys": "source_system varchar, survey_id varchar, purpose varchar, channel varchar, start_date date, invited bigint",
    "survey_invitations": "source_system varchar, survey_id varchar, source_customer_id varchar, asked_at timestamp",
    "inquiries": "source_system varchar, source_customer_id varchar, opened_at timestamp",
    "reviews": "source_system varchar, review_id varchar, product_id varchar, source_customer_id varchar,"
    " posted_at timestamp, stars integer",
    "products": "source_system varchar, product_id varchar, name varchar, category varchar",
    "order_lines": "source_system varchar, order_id varchar, line_type varchar, product_id varchar, amount decimal(18, 2)",
}


@dataclass(frozen=True)
class Answers:
    """Answers that count, the questions behind them, and how many answers do not count and why.

    frame: columns of satisfaction_answers.sql and role; left_out: reason -> answers (repeated: a later one of the same
    person and wave counts; off_scale; set_aside: on intake).
    """

    frame: pd.DataFrame
    questions: list[Question]
    left_out: Mapping[str, int]

    def named(self, question_id: str) -> Question:
        """A question by its id."""
        return next(one for one in self.questions if one.question_id == question_id)


def gather(db: Engine, *, as_of: date, settings: Mapping | None = None) -> Answers:
    """The answers up to as_of. Reads survey_answers, survey_invitations, identity_links and quarantine; without surveys there are none.

    settings: `survey_questions` of the pipeline's YAML (scales.questions).
    """
    stand_in(db)
    keep(db, "satisfaction_answers", sql_text("satisfaction_answers"), until=as_of + timedelta(days=1))
    frame = db.query("select * from satisfaction_answers order by wave, customer_id, question_id, answered_at").df()
    asked = questions(frame[["question_id", "scale"]], settings)
    role = {(one.question_id, one.scale): one.role for one in asked}
    frame = frame.assign(role=[role[pair] for pair in zip(frame["question_id"], frame["scale"], strict=True)])
    fits = on_scale(frame["answer"].to_numpy(), frame["scale"].to_numpy())
    latest = (frame["latest"] == 1).to_numpy()
    left_out = {"off_scale": int((~fits).sum()) + _set_aside(db), "repeated": int((fits & ~latest).sum())}
    counts = fits & latest & (frame["role"] != ASIDE).to_numpy()
    return Answers(frame[counts].reset_index(drop=True), asked, left_out)


def window(answers: pd.DataFrame, *, as_of: date, k_min: int, months: int = WINDOW) -> pd.DataFrame:
    """The answers (as the frame of Answers) of the last `months` months that figures of all of them together may count.

    Months are told of one by one, too, but for those of few people (or with few on one side of a share). Where such months
    are a single one, or hold fewer than k_min people together, all months less the others would give them away: then the
    answers of those months count in no sum, for each role and scale by itself.
    """
    since = pd.Timestamp(add_months(as_of, 1 - months))
    frame = answers[answers["month"] >= since].reset_index(drop=True)
    left_out = pd.Series(False, index=frame.index)
    for (role, scale), own in frame.groupby(["role", "scale"]):
        counts = _people(own, TOP.get((role, scale)))
        few = ((counts > 0) & (counts < k_min)).any(axis=1)
        unknown = counts[few]
        alone = ((unknown > 0).sum() == 1) | unknown.sum().between(1, k_min - 1)
        if few.any() and not few.all() and alone.any():
            left_out |= left_out.index.isin(own.index[own["month"].isin(few.index[few])])
    return frame[~left_out].reset_index(drop=True)


def _people(own: pd.DataFrame, top: float | None) -> pd.DataFrame:
    """Who answered in each month, one row a month; of a question with satisfied answers also who stands on either side."""
    sides = [own] if top is None else [own, own[own["answer"] >= top], own[own["answer"] < top]]
    found = [side.groupby("month")["customer_id"].nunique() for side in sides]
    return pd.concat(found, axis=1, keys=range(len(found))).fillna(0)


def _set_aside(db: Engine) -> int:
    """Answers off their scale that intake set aside."""
    if not exists(db, "quarantine"):
        return 0
    query = "select count(*) from quarantine where table_name = 'survey_answers' and reason = 'answer_out_of_scale'"
    return int(db.query(query).fetchall()[0][0])


def stand_in(db: Engine) -> None:
    """Make empty tables for those that a company does not have."""
    for table, columns in _OPTIONAL.items():
        if not exists(db, table):
            db.execute(f"create or replace temp table {table} ({columns})")
