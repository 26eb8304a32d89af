"""ALS: what implicit says of the same matrix, the same on every run, asked for or absent, and chosen where it is the best."""

import hashlib
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import recommend_shop as shop
from conftest import ROOT

import customerbase.recommend.looks as looks
from customerbase.engine import Engine
from customerbase.errors import ConfigError, ContractError
from customerbase.pipeline.contracts import check_overrides, read_contract
from customerbase.recommend import Options, Purchases, Rules, of_log, study
from customerbase.recommend.factors import Factors
from customerbase.recommend.purchases import number
from customerbase.recommend.reasons import BECAUSE, code
from customerbase.recommend.window import Window
from customerbase.tables.compiler import evaluate
from customerbase.tables.schema import schema

HOW = "implicit is not here: make extras"


@pytest.fixture(scope="module")
def implicit():
    return pytest.importorskip("implicit", reason=HOW)


@pytest.fixture(scope="module")
def window() -> Window:
    return Window.before(shop.purchases(), number(shop.END))


def matrix(window: Window) -> pd.DataFrame:
    """Ones of customers and live products, from the rows and not from the window."""
    rows = shop.rows()
    live = rows.loc[rows["day"] >= shop.END - timedelta(days=180), "product_id"].unique()
    rows = rows[rows["product_id"].isin(live)]
    return pd.crosstab(rows["customer_id"], rows["product_id"]).clip(upper=1)


def test_ten_items_of_everybody_are_those_of_implicit(implicit, window):
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy import sparse
    from threadpoolctl import threadpool_limits

    told = matrix(window)
    seen = sparse.csr_matrix(told.to_numpy(dtype=np.float32))
    with threadpool_limits(1):
        peer = AlternatingLeastSquares(64, alpha=5, regularization=0.01, iterations=15, random_state=0, num_threads=1)
        peer.fit(seen, show_progress=False)
        everybody = np.arange(len(told))
        fresh, theirs = peer.recommend(everybody, seen, N=10, recalculate_user=True)
    model = Factors.fit(window)
    made = window.purchases
    assert list(made.customers[window.users]) == list(told.index)
    assert list(made.products[window.items]) == list(told.columns)
    scores = np.where(told.to_numpy() > 0, -np.inf, model.scores(everybody))
    ours = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    assert len(ours) == 200 and (ours == fresh).mean() > 0.99  # the last bit may turn two equals round
    for listed in (ours, fresh):
        assert np.take_along_axis(scores, listed, axis=1) == pytest.approx(theirs, abs=1e-5)


def test_reasons_are_the_cosine_of_factors(implicit, window):
    model = Factors.fit(window)
    factors = model.fitted.item_factors.astype(float)
    one, other = np.divmod(np.arange(len(factors) ** 2), len(factors))
    length = np.linalg.norm(factors, axis=1)
    assert model.between(one, other) == pytest.approx(
        (factors @ factors.T / np.outer(length, length)).ravel(), abs=1e-5
    )


FITTED = """
import hashlib, numpy as np, recommend_shop as shop
from customerbase.recommend.factors import Factors
from customerbase.recommend.purchases import number
from customerbase.recommend.window import Window
window = Window.before(shop.purchases(), number(shop.END))
print(hashlib.sha256(Factors.fit(window).scores(np.arange(len(window.users))).tobytes()).hexdigest())
"""


def test_the_same_bytes_on_every_run_whatever_the_threads_around_it(implicit, window):
    whole = Factors.fit(window).scores(np.arange(len(window.users)))
    assert len(np.unique(whole)) > 1_000
    for threads in ("1", "2"):
        around = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": f"{ROOT}:{ROOT}/tests"}
        done = subprocess.run([sys.executable, "-c", FITTED], capture_output=True, text=True, check=True, env=around)
        assert done.stdout.strip() == hashlib.sha256(whole.tobytes()).hexdigest()


# --- asked for, or absent


def test_without_the_extra_the_setting_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    with pytest.raises(
        ConfigError, match=r"als is true .*make extras, or pip install 'customerbase\[rec\]', or als: false"
    ):
        study(shop.purchases(customers=40), cutoff=shop.END, options=Options(als=True))


def test_nobody_who_did_not_ask_imports_the_extra():
    code = """if True:
        import sys, recommend_shop as shop, customerbase.recommend as recommend
        found = recommend.of_log(shop.purchases(customers=40), as_of=shop.END)
        sys.exit("als" in set(found.models["model"]) or any(name.split(".")[0] == "implicit" for name in sys.modules))"""
    path = {"PYTHONPATH": f"{ROOT}:{ROOT}/tests"}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=path).returncode == 0


def test_a_pipeline_file_asks_for_it_by_a_parameter_of_the_page():
    page = read_contract(ROOT / "notebooks" / "08_recommend.ipynb")
    assert page.parameters["als"].default is False
    check_overrides([page], {"recommend": {"als": True}}, "shop.yaml")
    with pytest.raises(ContractError, match="als"):
        check_overrides([page], {"recommend": {"als": "yes"}}, "shop.yaml")
    assert "coverage=coverage, als=als)" in page.path.read_text(encoding="utf-8")


# --- taking part


TASTES, OF_TASTE, BEFORE, AFTER = 60, 20, 3, 4


def tastes(customers: int = 600, seed: int = 1) -> pd.DataFrame:
    """People of one of TASTES tastes who buy three of its OF_TASTE products in one month, and four others in the next.

    Most products of a taste were never bought by one person: they are alike by others between them, which factors see.
    """
    random, made = np.random.default_rng(seed), []
    for customer in range(customers):
        for place, item in enumerate(random.choice(OF_TASTE, BEFORE + AFTER, replace=False)):
            day = shop.END - timedelta(days=45 if place < BEFORE else 15)
            made.append((f"c{customer:03}", f"p{customer % TASTES:02}-{item:02}", day))
    return pd.DataFrame(made, columns=["customer_id", "product_id", "day"])


def test_it_takes_part_and_wins_where_few_tastes_make_the_purchases(implicit):
    log = Purchases.of(tastes())
    found = of_log(log, as_of=shop.END - timedelta(days=1), options=Options(als=True))
    judged = found.models[(found.models["segment"] == "all") & (found.models["list"] == "new_for_you")]
    ndcg = judged.set_index("model")["ndcg"]
    assert found.study.choice.chosen["new_for_you"] == "als" == ndcg.idxmax()
    assert ndcg["als"] > 1.1 * ndcg.drop("als").max()
    db = Engine(threads=1)
    db.register("models", found.models)
    assert all(check.success for check in evaluate(db, schema("recommendation_models"), "models"))
    for language, name in (("en", "Matrix factorisation (ALS)"), ("ja", "行列分解（ALS）")):
        assert name in looks.summary(found, language)[0]
    new = found.rows.kind == 1
    assert (found.rows.reason[new] == code(BECAUSE)).all()
    model, window = Factors.fit(found.study.window), found.study.window
    for place in np.flatnonzero(new)[::97]:
        own = window.bought[np.searchsorted(window.users, found.rows.user[place])].indices
        item = np.searchsorted(window.items, found.rows.item[place])
        speaks = model.between(own, np.full(len(own), item))
        assert window.items[own[speaks.argmax()]] == found.rows.because[place]


# --- little to learn from


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"]])
def test_few_items_or_none_give_what_there_is(implicit, names):
    told = [(f"c{place}", name, date(2026, 10, 1 + place)) for place in range(9) for name in names[: 1 + place % 3]]
    log = Purchases.of(pd.DataFrame(told, columns=["customer_id", "product_id", "day"]))
    made = Window.before(log, number(shop.END))
    scores = Factors.fit(made).scores(np.arange(len(made.users)))
    assert scores.shape == (len(made.users), len(names)) and np.isfinite(scores).all()
    assert (scores[made.bought.toarray() > 0] > 0.5).all()
    found = of_log(log, as_of=shop.END - timedelta(days=1), rules=Rules(), options=Options(als=True))
    assert (found.rows.score > 0).all() and found.study.choice.chosen["new_for_you"] == "ease"
