"""Which model is believed: the rule of the hold-out on hand-made scores, what is fallen back on, and what is said of it."""

import re
from datetime import date

import numpy as np
import pytest
import yaml
from cltv_logs import CDNOW, at, engine_of, purchase_days
from conftest import ROOT

from customerbase import cltv
from customerbase.cltv.counts import of
from customerbase.cltv.holdout import HoldOut, Scores, choose
from customerbase.cltv.month import choose_models
from customerbase.cltv.notes import Note

KNOWN = of(np.arange(100), np.arange(100) / 2, np.full(100, 60.0), np.full(100, 4))


def held(**scores: tuple) -> HoldOut:
    """family=(log-likelihood of a customer, its spread, predicted over actual, MAE, calibration error)."""
    made, wave = {}, np.where(np.arange(100) % 2, 1.0, -1.0)
    for family, (value, spread, ratio, mae, error) in scores.items():
        made[family] = Scores(
            model=at(cltv.FAMILIES[family], **CDNOW[family]), predicted=np.zeros(100), log_likelihoods=value + spread * wave,
            actual_purchases=1000.0, predicted_purchases=1000.0 * ratio, mae=mae, rmse=1.0, correlation=0.5,
            calibration_error=error, coverage=0.9, coverage_expected=0.9,
        )  # fmt: skip
    return HoldOut(date(2026, 4, 30), date(2026, 10, 31), KNOWN, np.ones(100), made)


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        # the best log-likelihood; the others are clearly worse, however near their totals
        ({"nbd": (-2, 0, 1, 0.1, 0.1), "pareto_nbd": (-1, 0, 0.5, 9, 9), "mbg_nbd": (-1.5, 0, 1, 0.1, 0.1)}, "pareto_nbd"),
        # 0.05 worse, the difference spread by 1 over 400 customers: exactly one standard error, hence as good
        ({"bg_nbd": (-1, 0, 1.3, 0.5, 0.5), "pareto_nbd": (-1.05, 1, 1.0, 0.4, 0.4)}, "pareto_nbd"),
        # 0.15 worse: three standard errors
        ({"bg_nbd": (-1, 0, 1.3, 0.5, 0.5), "pareto_nbd": (-1.15, 1, 1.0, 0.4, 0.4)}, "bg_nbd"),
        # too little is as bad as too much, and two measures beat one
        ({"bg_nbd": (-1, 0, 0.7, 0.4, 0.4), "nbd": (-1, 0, 1.2, 0.5, 0.5)}, "bg_nbd"),
        # equal in everything: the fallback first
        (dict.fromkeys(cltv.FAMILIES, (-1, 0, 1, 0.5, 0.5)), "mbg_nbd"),
    ],
)  # fmt: skip
def test_the_rule_of_the_hold_out(scores, chosen):
    assert choose(held(**scores)) == chosen


def test_without_a_hold_out_the_fallback():
    assert choose(None) == choose(HoldOut(date(2026, 4, 30), date(2026, 10, 31), KNOWN, np.ones(100))) == "mbg_nbd"


def test_log_likelihood_of_the_hold_out_and_band_of_the_months_on_a_simulated_log():
    """The whole history's likelihood over that of its first part; about 80 % of the months within their 10-90 % band."""
    days = purchase_days(np.random.default_rng(3), "pareto_nbd", CDNOW["pareto_nbd"], 1500, 4)
    names, as_of = {"customer": "customer_id", "date": "purchase_day"}, date(2026, 10, 31)
    known, whole = (cltv.summary(days, **names, as_of=day) for day in (date(2026, 4, 30), as_of))
    whole = whole.set_index("customer_id").loc[known["customer_id"]]
    made = cltv.value(engine_of(days), as_of=as_of)
    said = made.models.set_index("model")["holdout_log_likelihood"]
    for family, scores in made.held.scores.items():
        each = scores.model.log_likelihoods(whole) - scores.model.log_likelihoods(known)
        assert said[family] == pytest.approx(each.mean(), rel=1e-9), family
    past, ahead = (made.tracking[made.tracking["ahead"] == when] for when in (False, True))
    assert 0.6 < past["actual"].between(past["low"], past["high"])[1:].mean() < 0.95
    assert (ahead["expected"] > ahead["low"]).all() and (ahead["low"] > 0.5 * ahead["expected"]).all()


def models(**gains: float) -> dict:
    """Fitted families with the log-likelihood that each gains over the NBD."""
    made = {name: at(kind, **CDNOW[name]) for name, kind in cltv.FAMILIES.items()}
    for name, model in made.items():
        model.log_likelihood_ = gains.get(name, 0.0)
        model.notes_ = (
            (Note("no_dropout", {"model": model.title}),) if name != "nbd" and gains.get(name, 0.0) < 3 else ()
        )
    return made


def test_one_time_buyers_get_their_chance_from_a_model_in_which_they_can_leave():
    chosen, alive, notes = choose_models(models(bg_nbd=50, mbg_nbd=40, pareto_nbd=45), None, "bg_nbd")
    assert (chosen.family, alive.family) == ("bg_nbd", "pareto_nbd")
    assert [note.code for note in notes] == ["alive_from_other"]
    chosen, alive, _ = choose_models(models(bg_nbd=50, mbg_nbd=40, pareto_nbd=45), None, "mbg_nbd")
    assert chosen is alive and chosen.family == "mbg_nbd"


def test_a_model_that_does_not_show_people_leaving_gives_way_to_the_nbd():
    chosen, alive, notes = choose_models(models(bg_nbd=2.9, mbg_nbd=2.9, pareto_nbd=2.9), None, "auto")
    assert (chosen.family, alive) == ("nbd", None)
    assert "no_dropout" in [note.code for note in notes]
    chosen, alive, notes = choose_models(models(mbg_nbd=2.9), None, "mbg_nbd")  # wanted: kept, but without P(alive)
    assert (chosen.family, alive) == ("mbg_nbd", None)
    chosen, alive, notes = choose_models(models(), None, "nbd")
    assert (chosen.family, alive, [note.code for note in notes]) == ("nbd", None, ["nobody_leaves"])


def test_every_note_says_the_same_in_both_languages():
    words = yaml.safe_load((ROOT / "customerbase" / "words.yaml").read_text(encoding="utf-8"))["cltv"]["note"]
    made = {
        one
        for path in (ROOT / "customerbase" / "cltv").glob("*.py")
        for one in re.findall(r'Note\("(\w+)"', path.read_text())
    }
    assert made == set(words)
    for code, said in words.items():
        gaps = {language: sorted(re.findall(r"{(\w+)}", said[language])) for language in ("en", "ja")}
        assert gaps["en"] == gaps["ja"], code
        text = Note(code, dict.fromkeys(gaps["en"], "7")).text("ja")
        assert re.search(r"[\u3040-\u30ff]", text) and "{" not in text
