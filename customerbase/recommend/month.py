"""What to offer, of one month: both lists of every customer, the models behind them, and what the rules held back."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from customerbase import i18n
from customerbase.engine import Engine
from customerbase.recommend.evaluation import AGAIN, ALL, NEW, TEST
from customerbase.recommend.lists import KINDS, Offered, Rows, lists
from customerbase.recommend.purchases import Purchases, number
from customerbase.recommend.rules import REASONS, STATUSES, Rules
from customerbase.recommend.study import Options, Study, study


@dataclass(frozen=True)
class Offers:
    """rows: of all customers; customers: ids of their places; goods: one row a product (offer_products.sql); held: how many
    products each rule holds back; models: recommendation_models; notes: codes of words.yaml, offers.note."""

    rows: Rows
    customers: np.ndarray
    goods: pd.DataFrame
    held: pd.DataFrame
    models: pd.DataFrame
    study: Study
    as_of: date
    notes: tuple[str, ...]

    def recommendations(self) -> pa.Table:
        """The table recommendations."""
        return self.rows.table(self.customers, self.study.window.purchases.products, self.as_of)

    def tables(self) -> dict[str, object]:
        """recommendation_models alone: small; recommendations are written from `recommendations`."""
        return {"recommendation_models": self.models}

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        made: dict[str, int | float | str] = {"products_offered": int((~self.goods["held"].notna()).sum())}
        for place, kind in enumerate(KINDS):
            made[f"{kind}_customers"] = len(np.unique(self.rows.user[self.rows.kind == place]))
            made[f"{kind}_model"] = self.study.choice.chosen[kind]
        chosen = self.models[(self.models["role"] == TEST) & self.models["is_chosen"] & (self.models["segment"] == ALL)]
        for row in chosen.itertuples():
            made |= {
                f"{row.list}_recall": row.recall,
                f"{row.list}_ndcg": row.ndcg,
                f"{row.list}_coverage": row.coverage,
            }
        return made

    def remarks(self, language: str) -> list[str]:
        """What the reader must know of this month, as sentences."""
        return [i18n.word(f"offers.note.{note}", language) for note in self.notes]


def offers(db: Engine, *, as_of: date, rules: Rules | None = None, options: Options | None = None) -> Offers:
    """Both lists of every person of identity_links, as of the end of as_of.

    Reads customer_orders, order_lines, products, orders, identity_links and profile; a table without rows is no hindrance.
    Raises ConfigError for a rule that the products do not know.
    """
    rules = rules or Rules()
    purchases = Purchases.read(db)
    goods = db.query("select * from offered_goods order by product_id").df()
    kinds = db.query("select distinct product_id, category as path from products where category is not null").df()
    people = db.run("offer_people").df()
    return _offered(purchases, goods, kinds, people, as_of=as_of, rules=rules, options=options)


def of_log(
    purchases: Purchases,
    *,
    as_of: date,
    goods: pd.DataFrame | None = None,
    rules: Rules | None = None,
    options: Options | None = None,
) -> Offers:
    """Both lists from a log by itself, without tables: `Purchases.of`, or `Purchases.in_order` of baskets without dates.

    goods: one row a product with product_id and what is known of name, path (of categories), price, stock and status.
    """
    known = goods if goods is not None else pd.DataFrame({"product_id": []})
    told = known.drop_duplicates("product_id").set_index("product_id").reindex(purchases.products)
    told = told.rename_axis("product_id").reset_index()
    for name in ("name", "path", "price", "stock", "status"):
        told[name] = told.get(name)
    told["status"] = told["status"].astype(object).where(told["status"].notna(), STATUSES[0])
    kinds = told.loc[told["path"].notna(), ["product_id", "path"]]
    people = pd.DataFrame({"customer_id": [], "store": [], "people": []})
    return _offered(purchases, told, kinds, people, as_of=as_of, rules=rules or Rules(), options=options)


def _offered(
    purchases: Purchases, goods: pd.DataFrame, kinds: pd.DataFrame, people: pd.DataFrame, *,
    as_of: date, rules: Rules, options: Options | None,
) -> Offers:  # fmt: skip
    """goods: one row a product (offer_products.sql); kinds: product_id and path, of every product and system that names one."""
    cutoff = as_of + timedelta(days=1)
    goods = goods.assign(held=rules.held_back(goods, kinds))
    found = study(purchases, cutoff=cutoff, options=options)
    offered = Offered.of(purchases, goods, rules, number(cutoff), kinds)
    rows, customers = lists(found, offered, people)
    counts = goods["held"].value_counts()
    held = pd.DataFrame({"rule": list(REASONS), "products": [int(counts.get(one, 0)) for one in REASONS]})
    models = found.choice.models().assign(as_of=as_of)
    notes = [*found.choice.notes]
    if not goods["path"].notna().any():
        notes.append("no_categories")
    if rules.unheard(kinds):
        notes.append("unheard")
    if not offered.allowed[found.window.items].any():
        notes.append("nothing_offered")
    return Offers(rows, customers, goods, held, models, found, as_of, tuple(notes))


__all__ = ["AGAIN", "NEW", "Offers", "of_log", "offers"]
