"""What pages show of a study, in words and small tables: the ladder, how right it was, what moves the score, drift."""

import re

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress, suppress_parts
from customerbase.features import LeakTest, features
from customerbase.periods import month_label
from customerbase.prediction.drift import STRONG
from customerbase.prediction.lists import BANDS
from customerbase.prediction.models import LADDER, RULE
from customerbase.prediction.reasons import title as topic

MEASURES = {
    "rate": "rate",
    "auc": "{:.3f}",
    "average_precision": "{:.3f}",
    "lift": "{:.2f}",
    "brier": "{:.4f}",
    "log_loss": "{:.4f}",
    "ece": "{:.3f}",
}
BETTER = {"auc": max, "average_precision": max, "lift": max, "brier": min, "log_loss": min, "ece": min}
TOP = 0.1


def model(rung: str, language: str) -> str:
    """What people call a rung of the ladder."""
    return i18n.word_or(f"prediction.model.{rung}", language, rung)


def ladder(models: pd.DataFrame, language: str) -> pd.DataFrame:
    """The rungs side by side, means over the test windows; the best of each line is starred. Columns are rungs."""
    if not len(models):
        return pd.DataFrame()
    means = models.groupby("model")[list(MEASURES)].mean()
    means = means.loc[[rung for rung in LADDER if rung in means.index]]
    chosen = set(models.loc[models["is_chosen"], "model"])
    table = {i18n.word("prediction.column.rows", language): [_count(models, rung) for rung in means.index]}
    for name, form in MEASURES.items():
        best = BETTER[name](means[name]) if name in BETTER else None
        said = [i18n.number(value, "rate", language) if form == "rate" else form.format(value) for value in means[name]]
        stars = [" ★" if value == best else "" for value in means[name]]
        table[i18n.word(f"prediction.column.{name}", language)] = [a + b for a, b in zip(said, stars, strict=True)]
    names = [
        i18n.sentence("prediction.use", language, name=model(rung, language))
        if rung in chosen
        else model(rung, language)
        for rung in means.index
    ]
    return pd.DataFrame(table, index=names).T


def _count(models: pd.DataFrame, rung: str) -> str:
    return f"{int(models.loc[models['model'] == rung, 'customers'].sum()):,}"


def ladder_title(models: pd.DataFrame, language: str) -> str:
    """Which rung is used, and how well it ranked in the test windows."""
    if not len(models) or not models["is_chosen"].any():
        return i18n.word("prediction.title.ladder_none", language)
    auc = models.groupby("model")["auc"].mean()
    chosen = str(models.loc[models["is_chosen"], "model"].iloc[0])
    told = {"model": model(chosen, language), "auc": f"{auc[chosen]:.3f}", "rule": f"{auc.get(RULE, float('nan')):.3f}"}
    if chosen == RULE:
        return i18n.sentence("prediction.title.ladder_rule", language, auc=told["auc"])
    return i18n.sentence("prediction.title.ladder", language, **told)


def stability(models: pd.DataFrame) -> pd.DataFrame:
    """AUC by test window: the rung in use with its interval, and the rule beside it."""
    chosen = models[models["is_chosen"]].sort_values("cutoff")
    rule = models[models["model"] == RULE].set_index("cutoff")
    found = chosen[["cutoff", "auc", "auc_low", "auc_high", "customers"]].reset_index(drop=True)
    for end in ("", "_low", "_high"):
        found[f"rule{end}"] = found["cutoff"].map(rule[f"auc{end}"])
    return found


def stability_title(models: pd.DataFrame, language: str) -> str:
    """Between what values the AUC of the rung in use moved."""
    auc = models.loc[models["is_chosen"], "auc"].dropna()
    if not len(auc):
        return i18n.word("prediction.title.ladder_none", language)
    key = "stable" if len(auc) > 1 else "stable_one"
    return i18n.sentence(
        f"prediction.title.{key}",
        language,
        low=f"{auc.min():.2f}",
        **({"high": f"{auc.max():.2f}"} if key == "stable" else {}),
    )


def reliability(curves: pd.DataFrame, model: str = "chosen") -> pd.DataFrame:
    """Predicted against actual shares by decile, over all test windows."""
    return curves[(curves["curve"] == "reliability") & (curves["model"] == model)].reset_index(drop=True)


def reliability_title(curves: pd.DataFrame, language: str) -> str:
    """How far predicted probabilities were from what happened, on average over customers."""
    rows = reliability(curves)
    if not len(rows):
        return i18n.word("prediction.title.ladder_none", language)
    error = (rows["n"] * (rows["predicted"] - rows["actual"]).abs()).sum() / rows["n"].sum()
    return i18n.sentence("prediction.title.reliable", language, error=i18n.points(error, language, signed=False))


def deciles_title(curves: pd.DataFrame, leaving: bool, language: str) -> str:
    """How much likelier than average it was among the first tenth of the list."""
    rows = reliability(curves)
    if not len(rows):
        return i18n.word("prediction.title.ladder_none", language)
    first = rows.iloc[0]
    told = {"share": i18n.number(first["actual"], "rate", language), "lift": f"{first['lift']:.1f}"}
    return i18n.sentence(f"prediction.title.decile_{'leaving' if leaving else 'buying'}", language, **told)


def gain(curves: pd.DataFrame) -> pd.DataFrame:
    """The share of all events among the first customers: captured (rung in use), rule, random."""
    rows = curves[curves["curve"] == "gain"]
    found = rows[rows["model"] == "chosen"][["share", "captured"]].reset_index(drop=True)
    rule = rows[rows["model"] == RULE].set_index("share")["captured"]
    found["rule"] = found["share"].map(rule) if len(rule) else found["captured"]
    return found.assign(random=found["share"])


def gain_title(curves: pd.DataFrame, leaving: bool, language: str, top: float = 0.2) -> str:
    """What share of the events the first customers of the list held."""
    rows = gain(curves)
    if not len(rows):
        return i18n.word("prediction.title.ladder_none", language)
    share = float(rows.loc[(rows["share"] - top).abs().idxmin(), "captured"])
    said = {
        name: i18n.number(value, "rate", language).replace(".0", "") for name, value in (("top", top), ("share", share))
    }
    return i18n.sentence(f"prediction.title.gain_{'leaving' if leaving else 'buying'}", language, **said)


def drivers(table: pd.DataFrame, language: str, most: int = 8) -> pd.DataFrame:
    """The topics that move the score most, by name."""
    rows = table.sort_values(["share", "reason"], ascending=[False, True]).head(most)
    return pd.DataFrame(
        {"topic": [topic(code, language) for code in rows["reason"]], "share": rows["share"].to_numpy()}
    )


def drivers_title(table: pd.DataFrame, language: str) -> str:
    """The two topics that move the score most."""
    names = list(drivers(table[table["share"] > 0], language, 2)["topic"]) if len(table) else []
    if not names:
        return i18n.word("prediction.title.drivers_none", language)
    if len(names) == 1:
        return i18n.sentence("prediction.title.drivers_one", language, first=names[0])
    return i18n.sentence("prediction.title.drivers", language, first=names[0], second=names[1])


def feature(name: str, language: str) -> str:
    """A feature in few words: its name as it stands, in Japanese the beginning of its definition."""
    one = features().get(name)
    if one is None:
        return i18n.word_or(f"prediction.{name}", language, name)
    return name.replace("_", " ") if language == "en" else re.split(r"[。（：]", one.ja)[0]


def drift(table: pd.DataFrame, language: str, most: int = 10) -> pd.DataFrame:
    """The features whose distribution moved most, by name."""
    rows = table.sort_values(["psi", "feature"], ascending=[False, True]).head(most).reset_index(drop=True)
    return rows.assign(name=[feature(name, language) for name in rows["feature"]])


def drift_title(table: pd.DataFrame, language: str) -> str:
    """How many features moved strongly, and which one most."""
    strong = table[(table["psi"] >= STRONG) & (table["verdict"] == "strong")].sort_values("psi", ascending=False)
    if not len(strong):
        return i18n.word("prediction.title.drift_none", language)
    told = {"n": len(strong), "feature": feature(str(strong["feature"].iloc[0]), language)}
    return i18n.sentence("prediction.title.drift", language, **told)


def leak(test: LeakTest, language: str) -> str:
    """The result of the leak test in words."""
    if test.cutoff is None:
        return i18n.word("prediction.leak.none", language)
    if not test.differing:
        return i18n.sentence("prediction.leak.clean", language, n=f"{test.compared:,}")
    told = {"n": f"{test.compared:,}", "differing": f"{test.differing:,}"}
    return i18n.sentence("prediction.leak.differs", language, **told)


def outcomes(table: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The list whose window is over: the row of all, then each band, the highest first.

    Bands in which fewer than k_min did or did not are withheld, and others for their sake; no row at all where fewer of
    all did.
    """
    order = {code: place for place, code in enumerate(("all", *BANDS))}
    rows = table[table["customers"] > 0].sort_values("band", key=lambda codes: codes.map(order))
    whole = (rows["band"] == "all").to_numpy()
    did = (rows["actual"].astype(float) * rows["customers"]).round().astype(int)
    counts = np.stack([did, rows["customers"] - did], axis=1).astype(int)
    if not whole.any() or suppress_parts(counts[whole][0], k_min).any():
        return rows.head(0)
    hidden = suppress(counts[~whole], k_min).any(axis=1)
    return pd.concat([rows[whole], rows[~whole][~hidden]], ignore_index=True)


def verdict(row: pd.Series) -> str:
    """right where what was said lies in the interval of what happened, else whether it was too high or too low."""
    if row["actual_low"] <= row["predicted"] <= row["actual_high"]:
        return "right"
    return "high" if row["predicted"] > row["actual"] else "low"


def outcome_title(outcomes: pd.DataFrame, language: str) -> str:
    """How right the newest list was whose window is over: right where what was said lies in the interval of what happened."""
    rows = outcomes[outcomes["band"] == "all"]
    if not len(rows):
        return i18n.word("prediction.outcome.none", language)
    row = rows.iloc[0]
    told = {name: i18n.number(row[name], "rate", language) for name in ("predicted", "actual")}
    return i18n.sentence(
        f"prediction.outcome.{verdict(row)}", language, when=month_label(row["cutoff"], language), **told
    )
