"""What the sample's survey tool exports beside the answers: everybody who was asked, and items with the odds of the truth."""

import csv
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import sample_company
from sklearn.linear_model import LogisticRegression

from customerbase import sample
from customerbase.features.scales import REVIEW
from customerbase.sample import surveyed
from customerbase.satisfaction.groups import by_group

company, truth = sample_company.company, sample_company.truth  # the fixtures


def lines(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_as_many_were_asked_as_the_list_of_surveys_says_and_whoever_answered_was(company):
    for system in ("webshop", "app"):
        asked = lines(company / system / "survey_invitations.csv")
        surveys = {row["調査ID"]: int(row["依頼数"]) for row in lines(company / system / "surveys.csv")}
        counted = {one: sum(row["調査ID"] == one for row in asked) for one in surveys}
        assert counted == surveys and sum(surveys.values()) > 100
        rated = {(row["調査ID"], row["会員ID"]) for row in lines(company / system / "survey_items.csv")}
        assert rated and rated <= {(row["調査ID"], row["会員ID"]) for row in asked}


def test_items_follow_overall_satisfaction_with_the_odds_of_the_truth(truth):
    kept, size = {}, 40_000
    rng = np.random.default_rng(3)
    block = SimpleNamespace(world=SimpleNamespace(stream=lambda *_: rng), number=1)
    desk = SimpleNamespace(csv=lambda name, number, table: kept.update({name: table}), files={})
    overall = rng.integers(1, 6, size).astype(float)
    names = ["回答ID", "調査ID", "会員ID", "依頼日時", "回答日時"]
    answers = pa.table({**{name: [""] * size for name in names}, "設問": [surveyed.OVERALL] * size, "回答": overall})
    surveyed.rate_items(desk, block, 1, answers)
    told = kept["webshop/survey_items.csv"].to_pandas()
    for question, odds in sample_company.rows(truth, "select question, odds_ratio from survey_items"):
        yes = (told.loc[told["設問"] == question, "回答"] == "はい").to_numpy()
        model = LogisticRegression(C=np.inf, max_iter=200).fit(overall[:, None], yes)
        assert abs(model.coef_[0, 0] - np.log(odds)) < 0.05, question


def test_the_product_that_was_planted_as_worse_is_found_by_its_reviews(tmp_path, truth):
    company = sample.generate(5000, seed=1, months=24, out=tmp_path / "company")  # the one that a new user sees
    told = pd.DataFrame(lines(company / "webshop" / "reviews.csv"))
    told = told[told["投稿日時"] >= "2025-11"].reset_index(drop=True)
    stars = pd.to_numeric(told["おすすめ度"], errors="coerce")
    told = told[stars.between(1, 5)].reset_index(drop=True)
    answers = pd.DataFrame({
        "customer_id": told["会員ID"].where(told["会員ID"] != "", told["レビューID"]), "weight": 1.0, "role": REVIEW,
        "scale": "five", "answer": stars[stars.between(1, 5)].to_numpy(),
    })  # fmt: skip
    made = by_group(answers, {"product": told["商品コード"]}, as_of=date(2026, 10, 31))
    planted = sample_company.rows(truth, "select sku, stars_more from product_quality")
    assert [(row.value, row.others - row.score > 0.4) for row in made.itertuples() if row.verdict == "clear_down"] == [
        (sku, True) for sku, more in planted if more < 0
    ]
