"""Pages 06 and 07 in pictures: findings by hand in two languages, what is withheld, one form of captions, the same bytes."""

import re
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import customerbase.churn.looks as risk
import customerbase.prediction.looks as judged
import customerbase.propensity.looks as buying
from customerbase import charts, i18n, segments
from customerbase.charts import style
from customerbase.charts.buying import Pictures as Buying
from customerbase.charts.leaving import Pictures as Leaving
from customerbase.charts.output import Figure
from customerbase.churn import Affordable
from customerbase.features import LeakTest
from customerbase.prediction import design, reasons, tables
from customerbase.report import risk as report_risk

AS_OF = date(2026, 10, 31)
NB = "\u00a0"
DAYS = [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]


# --- a month by hand --------------------------------------------------------------------------------------------------


def models(chosen: str = "mean", days: list[date] = DAYS) -> pd.DataFrame:
    rows = []
    for rung, auc in (("rule", 0.70), ("wide", 0.79), ("mean", 0.80)):
        for number, day in enumerate(days):
            row = {"model": rung, "cutoff": day, "horizon_days": 30, "is_chosen": rung == chosen, "customers": 1000}
            row |= {"rate": 0.25, "auc": auc + 0.01 * number, "average_precision": 0.5, "lift": 2.5, "brier": 0.12}
            row |= {"log_loss": 0.4, "ece": 0.02, "auc_low": auc - 0.02, "auc_high": auc + 0.03}
            rows.append(row)
    return pd.DataFrame(rows)


def curves() -> pd.DataFrame:
    rows = []
    for place in range(10):
        predicted = 0.95 - 0.1 * place
        for model, off in (("raw", 0.1), ("chosen", 0.02)):
            told = {"curve": "reliability", "model": model, "bin": place + 1, "n": 300, "share": (place + 1) / 10}
            actual = predicted - off * (-1) ** place
            rows.append(told | {"predicted": predicted, "actual": actual, "low": actual - 0.03, "high": actual + 0.03})
    for place in range(21):
        share = place / 20
        for model, power in (("chosen", 0.4), ("rule", 0.6)):
            told = {"curve": "gain", "model": model, "bin": place, "n": 3000, "share": share}
            rows.append(told | {"captured": share**power})
    return pd.DataFrame(rows).reindex(columns=tables.CURVE_COLUMNS)


def drivers(*shares: float) -> pd.DataFrame:
    codes = [topic.code for topic in reasons.topics()]
    return pd.DataFrame({"reason": codes[: len(shares)], "contribution": shares, "share": shares})


def drift(*psi: float) -> pd.DataFrame:
    names = list(design.names())[: len(psi)]
    made = pd.DataFrame({"feature": names, "psi": psi, "bound": 0.02, "classes": 10, "reference": 900, "today": 1000})
    verdicts = np.where(made["psi"] >= 0.25, "strong", "stable")
    return made.assign(verdict=verdicts, missing_reference=0.0, missing_today=0.0).reindex(columns=tables.drift.COLUMNS)


def outcomes(**bands: tuple[int, int]) -> pd.DataFrame:
    """Of each band how many, and to how many it happened; predicted is what happened, less two points."""
    bands = bands or {"high": (100, 70), "medium": (200, 80), "low": (700, 60)}
    given = {"all": tuple(map(sum, zip(*bands.values(), strict=True)))} | bands
    rows = []
    for band, (n, did) in given.items():
        share = did / n if n else np.nan
        rows.append([DAYS[2], "published", band, n, share - 0.02, share, share - 0.03, share + 0.03])
    return pd.DataFrame(rows, columns=tables.OUTCOME_COLUMNS)


NOTHING = {
    "models": models().head(0),
    "curves": curves().head(0),
    "drivers": drivers(),
    "drift": drift(),
    "outcomes": outcomes().head(0),
}
WHOLE = {
    "models": models(),
    "curves": curves(),
    "drivers": drivers(0.5, 0.3, 0.2),
    "drift": drift(0.31, 0.02, 0.4),
    "outcomes": outcomes(),
}


def customers(high: int = 40, medium: int = 60, low: int = 300) -> pd.DataFrame:
    """Of each band so many, its members alike: 5, 25 and, for two thirds of the low, 50 days; the others beyond 90."""
    parts = [("high", high, 0.8, 5.0), ("medium", medium, 0.55, 25.0), ("low", low, 0.1, 50.0)]
    rows = [(band, p, days) for band, n, p, days in parts for _ in range(n)]
    made = pd.DataFrame(rows, columns=["band", "p_30", "median_days"])
    made.loc[(made["band"] == "low") & (made.index % 3 == 0), "median_days"] = np.nan
    made["low_days"], made["high_days"] = made["median_days"] - 3, np.nan
    made["customer_id"] = [f"C{number:04}" for number in range(len(made))]
    return made.assign(expected_spend=1234.0)


def totals(now: int = 400, actual: tuple[int, ...] = (100, 5, 0)) -> pd.DataFrame:
    made = pd.DataFrame({"cutoff": DAYS, "customers": 400, "buyers": 90.4, "actual_buyers": map(float, actual)})
    ahead = {"cutoff": date(2026, 11, 1), "customers": now, "buyers": 95.4, "buyers_low": 80.2, "buyers_high": 1110.4}
    made = pd.concat([made, pd.DataFrame([ahead])], ignore_index=True)
    return made.assign(is_ahead=made["cutoff"] == date(2026, 11, 1))


def why() -> pd.DataFrame:
    rows = [("C0000", 1, "silence", 12.0, np.nan), ("C0000", 2, "frequency", 5.0, np.nan)]
    return pd.DataFrame(rows, columns=["customer_id", "rank", "reason", "value_a", "value_b"])


class Studied:
    """A study of one test whose list is known."""

    def __init__(self, count: int = 400):
        rng = np.random.default_rng(0)
        x = np.abs(rng.normal(100, 50, (count, len(design.names()))))
        y = (rng.random(count) < 0.3).astype(float)
        window = SimpleNamespace(x=x, customers=count, spend=y * x[:, design.names().index("spend_365")])
        test = SimpleNamespace(window=window, y=y, cutoff=DAYS[2], probability=lambda rung: (y + rng.random(count)) / 2)
        self.tests, self.chosen = (test,), "mean"


def buyers(language: str = "en", k_min: int = 10, **parts) -> Buying:
    given = {
        "topic": "propensity",
        "customers": customers(),
        "totals": totals(),
        "reasons": why(),
        "study": Studied(),
        **WHOLE,
        **parts,
    }
    return Buying(SimpleNamespace(**given), AS_OF, language, "JPY", k_min)


def groups(with_value: bool = True, **sizes: int) -> pd.DataFrame:
    sizes = sizes or {"champions": 100, "loyal": 300, "lost": 600}
    rows = [("all", "all", sum(sizes.values()))] + [("segment", *one) for one in sizes.items()]
    rows += [("risk_band", "high", 200), ("risk_band", "medium", 300), ("risk_band", "low", sum(sizes.values()) - 500)]
    made = pd.DataFrame(rows, columns=["dimension", "value", "customers"])
    made = made.assign(probability=0.5, leavers=made["customers"] / 2, cltv=made["customers"] * 1000.0)
    made["value_at_risk"] = made["cltv"] / 2
    made.loc[made["value"] == "champions", "value_at_risk"] *= 5
    for name in ("leavers", "value_at_risk"):
        made[f"{name}_low"], made[f"{name}_high"] = made[name] * 0.9, made[name] * 1.1
    if not with_value:
        made = made.assign(**dict.fromkeys((c for c in made if c.startswith(("value_at_risk", "cltv"))), np.nan))
    return made.assign(reason_1="silence", reason_2="frequency", reason_3=None)


def profit(contacted: int = 120, best: float = 56_000.0) -> pd.DataFrame:
    rows = []
    for ranking in ("profit", "probability", "random"):
        for share in (0.0, 0.1, 0.5, 1.0):
            mine = best if share == 0.1 else -1e4 * share
            rows.append(
                [
                    ranking,
                    contacted if share == 0.1 else int(1000 * share),
                    share,
                    mine,
                    mine - 5e3,
                    mine + 5e3,
                    share == 0.1,
                ]
            )
    return pd.DataFrame(rows, columns=["ranking", "contacted", "share", "profit", "low", "high", "is_best"])


def leavers(language: str = "en", k_min: int = 10, **parts) -> Leaving:
    people = customers().rename(columns={"p_30": "probability"}).assign(value_at_risk=5000.0)
    options = SimpleNamespace(churn_days=90)
    given = {
        "topic": "churn",
        "customers": people,
        "groups": groups(),
        "profit": profit(),
        "reasons": why(),
        "options": options,
    }
    return Leaving(SimpleNamespace(**given | WHOLE | parts), AS_OF, language, "JPY", k_min)


# --- how a study was judged -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "en", "ja"),
    [
        (lambda one: judged.ladder_title(models(), one), "Logit and boosting is used: AUC 0.810, against 0.710 for the rule",
         "ロジットとブースティングの平均を使います（AUC 0.810、ルールは0.710）"),
        (lambda one: judged.ladder_title(models("rule"), one), "The simple RFM rule is used: AUC 0.710",
         "RFMの単純なルールを使います（AUC 0.710）"),
        (lambda one: judged.ladder_title(models("none"), one), "No window to judge by yet", "検証できる期間がまだありません"),
        (lambda one: judged.stability_title(models(), one), "AUC between 0.80 and 0.82 in every window",
         "どの検証期間でもAUCは0.80〜0.82"),
        (lambda one: judged.stability_title(models(days=DAYS[:1]), one), "AUC of 0.80 in the window tested",
         "検証期間のAUCは0.80"),
        (lambda one: judged.reliability_title(curves(), one), f"Predicted shares were 2.0{NB}pt off on average",
         "予測した確率と実績の差は平均2.0ポイント"),
        (lambda one: judged.gain_title(curves(), True, one), f"The riskiest 20{NB}% held 52.5{NB}% of those who left",
         "危険の高い上位20%に、実際に離れた人の52.5%"),
        (lambda one: judged.gain_title(curves(), False, one), f"The likeliest 20{NB}% held 52.5{NB}% of those who bought",
         "見込みの高い上位20%に、実際に買った人の52.5%"),
        (lambda one: judged.drivers_title(drivers(0.2, 0.5, 0.3), one),
         "What moves the score most: How often they buy, then More or less lately",
         "最も効いているのは「購入の多さ」、次に「最近の増減」"),
        (lambda one: judged.drivers_title(drivers(1.0, 0.0), one), "What moves the score most: Silence since the last purchase",
         "最も効いているのは「購入からの空き」"),
        (lambda one: judged.drivers_title(drivers(0.0), one), "No model with reasons yet", None),
        (lambda one: judged.drift_title(drift(0.1, 0.24), one), "Customers still look like those the model learnt from", None),
        (lambda one: judged.drift_title(drift(0.31, 0.02, 0.4), one),
         f"2 features moved strongly since the model learnt, {design.names()[2].replace('_', ' ')} most", None),
        (lambda one: judged.outcome_title(outcomes(), one), f"The list of Sep 2026 was right: 19.0{NB}% predicted, 21.0{NB}% happened",
         "2026年9月の予測は当たっていました：予測19.0%、実績21.0%"),
        (lambda one: judged.outcome_title(outcomes().assign(predicted=0.5), one),
         f"The list of Sep 2026 said too much: 50.0{NB}% predicted, 21.0{NB}% happened", None),
        (lambda one: judged.outcome_title(outcomes().assign(predicted=0.1), one),
         f"The list of Sep 2026 said too little: 10.0{NB}% predicted, 21.0{NB}% happened", None),
    ],
)  # fmt: skip
def test_findings_of_a_study(said, en, ja):
    assert said("en") == en
    assert ja in (None, said("ja"))


def test_the_ladder_side_by_side_stars_the_best_and_names_the_one_in_use():
    table = judged.ladder(models(), "en")
    assert table.columns.tolist() == ["RFM rule", "Wide logit", "Logit and boosting (in use)"]
    assert table.loc["AUC (ranking)"].tolist() == ["0.710", "0.800", "0.810 ★"]
    assert table.loc["Customers tested"].tolist() == ["3,000"] * 3
    assert judged.ladder(models().head(0), "ja").empty


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_without_a_test_every_title_says_so(language):
    none = i18n.word("prediction.title.ladder_none", language)
    assert (
        judged.ladder_title(NOTHING["models"], language) == none == judged.stability_title(NOTHING["models"], language)
    )
    assert judged.reliability_title(NOTHING["curves"], language) == none
    assert judged.gain_title(NOTHING["curves"], False, language) == none
    assert judged.drivers_title(drivers(), language) == i18n.word("prediction.title.drivers_none", language)
    assert judged.outcome_title(NOTHING["outcomes"], language) == i18n.word("prediction.outcome.none", language)
    assert judged.drift_title(drift(), language) == i18n.word("prediction.title.drift_none", language)


# --- outcomes: what is withheld, here and in the report ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("bands", "shown"),
    [
        ({"high": (100, 70), "medium": (200, 80), "low": (700, 60)}, ["all", "high", "medium", "low"]),
        ({"low": (700, 60), "high": (100, 70), "medium": (0, 0)}, ["all", "high", "low"]),
        ({"high": (100, 95), "medium": (200, 80), "low": (700, 60)}, ["all", "medium"]),  # 5 did not; low hides them
        ({"high": (100, 70), "medium": (200, 80), "low": (700, 3)}, ["all", "medium"]),
        ({"high": (9, 4), "medium": (9, 3), "low": (9, 2)}, []),  # 9 of all did
        ({"high": (1000, 995)}, []),
    ],
)
def test_bands_that_would_tell_of_few_are_withheld(bands, shown):
    table = outcomes(**bands)
    assert judged.outcomes(table, 10)["band"].tolist() == shown
    data = SimpleNamespace(tables={"churn_outcomes": table, "churn_groups": groups()}, k_min=10, rows=lambda name: [{}])
    assert report_risk._outcomes(data)["band"].tolist() == shown
    for look in (buyers(outcomes=table), leavers(outcomes=table)):
        figure = look.outcomes()
        if not shown:
            assert figure == "Outcome withheld: too few customers bought, or too few did not"
            continue
        labels = [text.get_text().split(" (")[0] for axes in figure.axes for text in axes.get_yticklabels()]
        assert [one for one in labels if one] == [look.names(code) for code in shown]


def test_few_of_all_are_told_of_nowhere_and_no_list_is_no_secret():
    assert buyers("ja", outcomes=NOTHING["outcomes"]).outcomes() == "予測と比べられる実績がまだありません"
    assert buyers("ja", outcomes=outcomes(high=(9, 4))).outcomes().endswith("結果は示しません")


# --- who will buy -----------------------------------------------------------------------------------------------------


def test_how_many_will_buy():
    assert buying.totals_title(totals(), "en") == "95 customers expected to buy in the next 30 days (80 to 1,110)"
    assert buying.totals_title(totals(), "ja") == "これから30日間の購入見込みは95人（80%区間 80〜1,110）"
    shown = buying.totals(totals(), 10)
    assert shown["actual"].fillna(-1).tolist() == [100, -1, 0, -1]  # 5 are withheld, nobody is nobody
    assert shown["ahead"].tolist() == [False] * 3 + [True] and shown["low"].iloc[-1] == 80.2
    assert not len(buying.totals(totals(now=9), 10))
    assert buyers(totals=totals(now=9)).totals() == "Withheld: too few customers"


def test_bands_of_buyers():
    people = customers()
    shown = buying.strips(people, "en", 10)
    assert shown["name"].tolist() == ["Likely", "Possible", "Unlikely"]
    assert shown["customers"].tolist() == [40, 60, 300] and shown["buyers"].tolist() == pytest.approx([32, 33, 30])
    assert (
        buying.strips_title(people, "en") == f"The likely 10.0{NB}% of customers hold 33.7{NB}% of the expected buyers"
    )
    assert buying.strips_title(people, "ja") == "見込みの大きい10.0%の顧客に、購入見込み人数の33.7%"
    assert buying.strips_title(customers(high=0), "en") == "No customer is a likely buyer"
    assert not len(buying.strips(customers(high=9), "en", 10))
    assert buyers("ja", customers=customers(high=9)).strips() == "人数が少ないため示しません"


def test_days_stand_in_the_class_of_their_horizon():
    """Days count from the as-of date: day 30 is within 30 days, day 31 is not."""
    people = customers(0, 0, 120)
    people["median_days"] = np.repeat([7.0, 8.0, 30.0, 31.0, 90.0, np.nan], 20)
    shown = buying.days(people, "en", 10)
    assert shown["name"].tolist() == ["1 to 7 days", "8 to 30 days", "31 to 60 days", "61 to 90 days", "Beyond 90 days"]
    assert shown["customers"].tolist() == [20, 40, 20, 20, 20]
    assert (
        buying.days_title(people, "en", 10) == f"50.0{NB}% of customers are more likely than not to buy within 30 days"
    )
    assert buying.days_title(people, "ja", 10) == "50.0%の顧客は、30日以内に買う見込みのほうが大きい"


def test_the_title_gives_no_withheld_class_back():
    people = customers(high=5, medium=60, low=300)  # 5 within the week; another class hides them
    shown = buying.days(people, "en", 10)
    assert "1 to 7 days" not in shown["name"].tolist() and "8 to 30 days" not in shown["name"].tolist()
    assert buying.days_title(people, "en", 10) == "Days to the next purchase: 31 to 60 days for most, 200 customers"
    assert buying.days_title(customers(3, 3, 3), "en", 10) == "Withheld: too few customers"
    assert buyers(customers=customers(3, 3, 3)).days() == "Withheld: too few customers"


def test_the_window_of_one_customer():
    def told(low: float, high: float, language: str = "en") -> str:
        return buying.window(pd.Series({"low_days": low, "high_days": high}), language)

    assert told(3.0, 40.0) == "3 to 40 days" and told(3.0, 40.0, "ja") == "3〜40日"
    assert told(3.0, np.nan) == "3 days to beyond 90" and told(np.nan, np.nan) == "Beyond 90 days"


def categories(**sizes: int) -> pd.DataFrame:
    rows = [(f"C{n}", name, rank) for name, count in sizes.items() for n in range(count) for rank in (1, 2)]
    return pd.DataFrame(rows, columns=["customer_id", "category", "rank"])


def test_what_they_will_buy():
    table = categories(Tea=30, Jam=50, Soap=4, Salt=12)
    assert buying.categories(table, 10).values.tolist() == [["Jam", 50], ["Tea", 30]]  # Salt hides Soap
    assert buying.categories_title(table, 10, "en") == "Jam comes first for 50 customers"
    assert buying.categories_title(table, 10, "ja") == "次に買う見込みが最も大きいカテゴリは、50人で「Jam」"
    assert buying.categories_title(table, 99, "en") == "No chances by category yet"


def category_models() -> pd.DataFrame:
    rows = [(True, "all", scope, auc + off) for scope, auc in (("new", 0.6), ("all", 0.7)) for off in (0.0, 0.02)]
    rows += [(False, "all", "all", 0.1), (True, "Tea", "category", 0.1)]
    made = pd.DataFrame(rows, columns=["is_chosen", "category", "scope", "auc"])
    return made.assign(rate=0.123, lift=2.0, brier=0.1, ece=0.01)


def test_how_categories_were_ranked():
    table = buying.category_models(category_models(), "en")
    assert table.index.tolist() == [i18n.word(f"category.scope.{one}", "en") for one in ("all", "new")]
    assert table["AUC (ranking)"].tolist() == ["0.710", "0.610"]
    assert table["Share that bought"].tolist() == [f"12.3{NB}%"] * 2
    assert buying.category_models(category_models().head(0), "en").empty


def test_what_the_list_would_have_reached():
    found = buyers()
    made = found.reached(40)
    text = "".join(one.get_text() for one in made.texts).replace("\n", "")
    assert "RFM" in text and f"n{NB}={NB}400" in text
    japanese = "".join(one.get_text() for one in buyers("ja").reached(40).texts).replace("\n", "")
    assert "（RFMの順とはっきりした差はありません）" in japanese or "、RFMの順より" in japanese
    assert found.reached(0) == "No window to judge by yet"
    assert buyers("ja", study=SimpleNamespace(tests=())).reached(40) == "検証できる期間がまだありません"


def test_the_likeliest_with_window_and_reasons():
    table = buyers().likeliest(2)
    assert table["customer_id"].tolist() == ["C0000", "C0001"]
    assert table.iloc[0, 1:4].tolist() == [f"80.0{NB}%", "2 days to beyond 90", "¥1,234"]
    assert ";" in table.iloc[0, 4] and "12" in table.iloc[0, 4] and table.iloc[1, 4] == ""


# --- who may leave ----------------------------------------------------------------------------------------------------


def test_findings_of_churn():
    def name(code: str) -> str:
        return segments.name(code, "en")

    assert risk.by_title(groups(), "segment", 10, "en", name) == f"Lost holds 60.0{NB}% of the value at risk"
    bare = groups(with_value=False)
    assert risk.by_title(bare, "segment", 10, "en", name) == "Lost holds most of those expected to leave: 300"
    assert risk.strips_title(groups(), "en") == f"The 20.0{NB}% at high risk hold 20.0{NB}% of the value"
    assert risk.strips_title(bare, "en") == f"20.0{NB}% of customers are at high risk"
    assert risk.strips_title(groups(), "ja") == "危険の高い20.0%の顧客に、価値の20.0%"
    assert risk.profit_title(profit(), "en") == "Contacting 120 customers pays best: ¥56K expected"
    assert risk.profit_title(profit(contacted=4), "ja", k_min=10) == "<10人への連絡で見込み利益は最大の5.6万円"
    assert risk.profit_title(profit(best=-1.0), "en") == "At this cost and acceptance, contacting nobody pays"


def test_small_groups_of_churn_are_withheld_and_so_is_what_gives_them_back():
    table = groups(champions=4, loyal=300, new=30, lost=666)
    assert sorted(risk.by(table, "segment", 10)["value"]) == ["lost", "loyal"]
    assert leavers(groups=table).table()["Group"].tolist() == ["Lost", "Loyal"]
    few = groups(champions=4, loyal=3)
    few = few[few["dimension"] != "risk_band"]
    assert leavers("ja", groups=few).groups() == "人数が少ないため示しません"
    banded = groups()
    banded.loc[banded["value"] == "high", "customers"] = 4
    assert leavers(groups=banded).strips() == "Withheld: too few customers"


def test_the_table_of_groups_in_words():
    row = leavers().table().iloc[0]
    assert row.tolist() == ["Lost", "600", f"50.0{NB}%", "300 (270 to 330)", "¥300K (¥270K to ¥330K)",
                            "Silence since the last purchase and How often they buy"]  # fmt: skip
    assert leavers("ja").table().iloc[0].tolist()[3] == "300（270〜330）"
    assert leavers(groups=groups(with_value=False)).table().shape[1] == 5


def test_the_riskiest_with_reasons():
    table = leavers().riskiest(2)
    assert table["customer_id"].tolist() == ["C0000", "C0001"] and "12" in table.iloc[0, -1]
    bare = leavers(groups=groups(with_value=False), customers=customers().rename(columns={"p_30": "probability"}))
    assert bare.riskiest(3).shape == (3, 3)


# --- every picture ----------------------------------------------------------------------------------------------------

JUDGED = ("reliability", "gain", "stability", "drivers", "drift", "outcomes")
FOUND = SimpleNamespace(categories=categories(Tea=30, Jam=50), models=category_models())
NONE = SimpleNamespace(categories=pd.DataFrame(), models=category_models().head(0))
OF_BUYING = (*JUDGED, "totals", "strips", "days", ("categories", FOUND), ("reached", 40))
OF_LEAVING = (*JUDGED, "strips", "groups", ("groups", "risk_band"), "profit")


def pictures(look) -> list[Figure | str]:
    wanted = OF_BUYING if isinstance(look, Buying) else OF_LEAVING
    asked = [(one,) if isinstance(one, str) else one for one in wanted]
    return [getattr(look, name)(*arguments) for name, *arguments in asked]


def caption_of(figure: Figure) -> str:
    [text] = [one for one in (text.get_text().replace("\n", "") for text in figure.texts) if "customerbase/" in one]
    return text


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("make", [buyers, leavers])
def test_every_picture_has_a_title_and_the_one_form_of_caption(make, language):
    day = i18n.day(AS_OF, language).replace(" ", r"\s*")
    for figure in pictures(make(language)):
        assert isinstance(figure, Figure)
        words = "\n".join(one.get_text() for one in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)])
        assert "{" not in words and "nan" not in words
        definition, *_, when, origin = caption_of(figure).split("·")
        assert definition.strip() and re.search(day, when), caption_of(figure)
        table, path, line = re.fullmatch(r"\s*(\w+),\s*(customerbase/[\w/]+\.py):(\d+)", origin).groups()
        source = (style.FONTS.parent.parent / path).read_text(encoding="utf-8").splitlines()
        assert source[int(line) - 1].startswith("def ")
        assert (style.FONTS.parent.parent / "expectations" / f"{table}.yaml").is_file(), table
        if language == "ja":
            assert re.search(r"[ぁ-んァ-ヶ一-龠]", definition), definition


@pytest.mark.parametrize("make", [buyers, leavers])
def test_the_same_month_gives_the_same_bytes(make):
    for first, second in zip(pictures(make("ja")), pictures(make("ja")), strict=True):
        assert charts.png(first) == charts.png(second)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_month_with_nothing_to_judge_by_says_so_in_sentences(language):
    few = groups(with_value=False, champions=4, loyal=3)
    nothing = buyers(
        language, **NOTHING, customers=customers(3, 0, 0), totals=totals(3).tail(1), study=SimpleNamespace(tests=())
    )
    told = [nothing.categories(NONE), *(one for one in pictures(nothing) if not isinstance(one, Figure))]
    gone = leavers(language, **NOTHING, groups=few[few["dimension"] != "risk_band"], profit=profit().head(0))
    told += [one for one in pictures(gone) if not isinstance(one, Figure)]
    assert len(told) >= 1 + len(OF_BUYING) - 1 + len(OF_LEAVING) - 2
    assert all(len(one) > 5 and "{" not in one and "nan" not in one for one in told)


def test_a_young_shop_still_shows_how_many_will_buy():
    look = buyers(**NOTHING, totals=totals().tail(1))
    assert isinstance(look.totals(), Figure) and isinstance(look.strips(), Figure)
    assert charts.png(look.totals(), dpi=60)


@pytest.mark.parametrize(
    ("test", "en", "ja"),
    [
        (LeakTest(None), "No snapshot was stored", "来月から"),
        (LeakTest(date(2026, 10, 1), 500, 0), "500 snapshots", "500人分"),
        (LeakTest(date(2026, 10, 1), 500, 3), "3 differ", "3人分が今日の計算と異なります"),
    ],
)
def test_the_leak_test_in_words(test, en, ja):
    assert en in judged.leak(test, "en") and ja in judged.leak(test, "ja")


def test_a_budget_in_words():
    found = Affordable(320, 99_900.0, 180_000.0)
    assert risk.budget(found, 100_000, "ja").startswith("予算10万円では、見込み利益の大きい順に320人")
    assert "first 320 customers" in risk.budget(found, 100_000, "en")
    assert "nobody" in risk.budget(Affordable(0, 0.0, 0.0), 5, "en")
