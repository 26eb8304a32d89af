"""What page 08 shows, in words and small tables: the models beside popularity, reasons, products, one customer's lists."""

from functools import partial

import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.recommend.evaluation import AGAIN, ALL, LISTS, NEW, RANKER, TEST
from customerbase.recommend.models import POPULAR_NOW
from customerbase.recommend.reasons import REASONS
from customerbase.recommend.related.looks import brief


def of_month(models: pd.DataFrame, kind: str, segment: str = ALL) -> pd.DataFrame:
    """Rows of one list in the newest month judged, the best first."""
    rows = models[(models["role"] == TEST) & (models["list"] == kind) & (models["segment"] == segment)]
    return rows.sort_values(["ndcg", "model"], ascending=[False, True], ignore_index=True)


def title(models: pd.DataFrame, kind: str, language: str) -> str:
    """How much of what was bought the chosen model's lists held, and how high up, against what is popular.

    Order decides, as it does in the choice: whoever has bought ten products or fewer has all of them on any list to buy again.
    """
    rows = of_month(models, kind).set_index("model")
    own, base = rows[rows["is_chosen"]].iloc[0], rows.loc[POPULAR_NOW]
    code = "better" if own["ndcg_gain_low"] > 0 else "worse" if own["ndcg_gain_high"] < 0 else "unclear"
    told = {"value": i18n.number(own["recall"], "rate", language)}
    told |= {"ndcg": f"{own['ndcg']:.2f}", "base": f"{base['ndcg']:.2f}"}
    return i18n.sentence(f"offers.title.{code}", language, list=i18n.word(f"offers.list.{kind}", language), **told)


def coverage_title(models: pd.DataFrame, language: str) -> str:
    """How many products the lists of new things show, against popularity."""
    rows = of_month(models, NEW).set_index("model")
    told = {"value": rows[rows["is_chosen"]].iloc[0]["coverage"], "base": rows.loc[POPULAR_NOW, "coverage"]}
    return i18n.sentence(
        "offers.title.coverage",
        language,
        **{name: i18n.number(value, "rate", language) for name, value in told.items()},
    )


def named(rows: pd.DataFrame, language: str) -> pd.DataFrame:
    """With a column name: the model in words."""
    return rows.assign(name=[i18n.word(f"offers.model.{one}", language) for one in rows["model"]])


def listing(models: pd.DataFrame, language: str) -> pd.DataFrame:
    """Every model and list of the newest month judged; a star marks the one in use."""
    rows = pd.concat([of_month(models, kind) for kind in LISTS], ignore_index=True)
    made = {
        "list": [i18n.word(f"offers.list.{one}", language) for one in rows["list"]],
        "model": [f"{name}{' ★' if chosen else ''}" for name, chosen in zip(named(rows, language)["name"], rows["is_chosen"], strict=True)],
        "customers": [f"{int(one):,}" for one in rows["customers"]],
        **{name: [f"{one:.3f}" for one in rows[name]] for name in ("recall", "ndcg", "hit", "coverage")},
        "novelty": [f"{one:.1f}" for one in rows["novelty"]],
        "popular_share": [i18n.number(one, "rate", language) for one in rows["popular_share"]],
    }  # fmt: skip
    return _headed(made, language)


def by_segment(models: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """The model in use by kind of customer, and its gain over popularity; small kinds are left out."""
    rows = models[(models["role"] == TEST) & models["is_chosen"] & models["list"].isin((AGAIN, NEW))]
    parts = rows["segment"] != ALL
    hidden = pd.Series(rows["customers"] < k_min, index=rows.index)
    for kind in (AGAIN, NEW):
        mine = parts & (rows["list"] == kind)
        hidden[mine] = suppress_parts(rows.loc[mine, "customers"].to_numpy(), k_min)
    rows = rows[~hidden]
    gain = [f"{one:+.3f} ({i18n.span(f'{low:+.3f}', f'{high:+.3f}', language)})" for one, low, high in
            zip(rows["ndcg_gain"], rows["ndcg_gain_low"], rows["ndcg_gain_high"], strict=True)]  # fmt: skip
    made = {
        "list": [i18n.word(f"offers.list.{one}", language) for one in rows["list"]],
        "segment": [i18n.word(f"offers.segment.{one}", language) for one in rows["segment"]],
        "customers": [f"{int(one):,}" for one in rows["customers"]],
        **{name: [f"{one:.3f}" for one in rows[name]] for name in ("recall", "ndcg", "hit")},
        "gain": gain,
    }
    return _headed(made, language)


def held(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Products that each rule keeps off the lists."""
    made = {
        "rule": [i18n.word(f"offers.rule.{one}", language) for one in table["rule"]],
        "products": table["products"].tolist(),
    }
    return _headed(made, language)


def reasons(rows, language: str, k_min: int) -> pd.DataFrame:
    """Rows of both lists by reason, the commonest first; reasons that fewer than k_min customers have are left out."""
    found = pd.DataFrame({"code": rows.reason, "user": rows.user}).groupby("code")["user"].agg(["size", "nunique"])
    found = found[found["nunique"] >= k_min]
    made = pd.DataFrame({"code": [REASONS[one] for one in found.index], "rows": found["size"].to_numpy()})
    made["name"] = [i18n.word(f"offers.reason.{one}", language) for one in made["code"]]
    return made.sort_values(["rows", "code"], ascending=[False, True], ignore_index=True)


def reasons_title(table: pd.DataFrame, language: str) -> str:
    """The commonest reason and its share."""
    share = i18n.number(table["rows"].iloc[0] / table["rows"].sum(), "rate", language)
    return i18n.sentence("offers.title.reasons", language, reason=table["name"].iloc[0], share=share)


def products(offers, k_min: int, most: int = 10) -> pd.DataFrame:
    """The products that the lists of new things hold most often, and for how many customers; k_min of them or more."""
    new = offers.rows.item[offers.rows.kind == 1]
    counts = pd.Series(new).value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    counts = counts[counts >= k_min].head(most)
    names = product_names(offers)
    return pd.DataFrame({"name": [names[one] for one in counts.index], "customers": counts.to_numpy()})


def product_names(offers) -> list[str]:
    """The name of each product, short enough to print; its id where it has none."""
    told = offers.goods.set_index("product_id")["name"].reindex(offers.study.window.purchases.products)
    return [brief(name if isinstance(name, str) and name else product) for product, name in told.items()]


def summary(offers, language: str) -> list[str]:
    """How many customers have a list, and by which models; nothing where nobody has one."""
    if not len(offers.rows.user):
        return []
    used = {kind: i18n.word(f"offers.model.{offers.study.choice.chosen[kind]}", language) for kind in (AGAIN, NEW)}
    told = {"customers": f"{offers.rows.customers():,}", "again": used[AGAIN], "new": used[NEW]}
    return [i18n.sentence("offers.summary", language, **told)]


def example(offers, language: str, customer: str | None = None) -> pd.DataFrame:
    """Both lists of one customer with reasons; of the one with the most reasons where none is named. Never published.

    Raises KeyError for a customer without a list.
    """
    rows = offers.rows
    if customer is None:
        at = rows.user[rows.because >= 0]
        user = int(at[0]) if len(at) else int(rows.user[0])
    else:
        user = {name: place for place, name in enumerate(offers.customers)}[customer]
    mine, names = rows.user == user, product_names(offers)
    chance = [offers.study.choice.chosen[kind] == RANKER for kind in (AGAIN, NEW)]
    told = [partial(i18n.number, unit="rate", language=language) if one else "{:.3f}".format for one in chance]
    made = {"list": [], "rank": [], "product": [], "reason": [], "score": []}
    for kind, rank, item, score, why, because in zip(
        rows.kind[mine],
        rows.rank[mine],
        rows.item[mine],
        rows.score[mine],
        rows.reason[mine],
        rows.because[mine],
        strict=True,
    ):
        said = i18n.word(f"offers.reason.{REASONS[why]}", language)
        said = i18n.sentence("offers.because", language, product=names[because]) if because >= 0 else said
        for name, value in zip(
            made,
            (i18n.word(f"offers.list.{(AGAIN, NEW)[kind]}", language), int(rank), names[item], said, told[kind](score)),
            strict=True,
        ):
            made[name].append(value)
    return _headed(made, language)


def _headed(made: dict, language: str) -> pd.DataFrame:
    return pd.DataFrame({i18n.word(f"offers.column.{name}", language): values for name, values in made.items()})
