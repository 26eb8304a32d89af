"""Related products of Online Retail II: what is known to belong together is found, quickly."""

from datetime import date

import pytest
from conftest import real_data

from customerbase.engine import Engine
from customerbase.recommend import related
from customerbase.recommend.related import counts, pairs

OPTIONS = related.Options(months=6)
TEACUPS = {"22697", "22698", "22699"}  # REGENCY TEACUP AND SAUCER: green, pink, roses
HERBS = {
    "22916",
    "22917",
    "22918",
    "22919",
    "22920",
    "22921",
}  # HERB MARKER thyme, rosemary, parsley, mint, basil, chives


@pytest.fixture(scope="module")
def found():
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(
        f"create table sales as select * from '{path}' where InvoiceDate >= '2011-06-01' and Invoice not like 'A%'"
    )
    db.execute("""create table orders as select 'r' as source_system, Invoice as order_id, cast(null as varchar) as
        source_customer_id, min(InvoiceDate) as order_at, case when Invoice like 'C%' then 'credit_note' else 'completed' end
        as status from sales group by Invoice""")
    db.execute("""create table order_lines as select 'r' as source_system, Invoice as order_id, 'goods' as line_type,
        upper(StockCode) as product_id, Description as name, cast(Quantity as decimal(18, 3)) as qty,
        cast(Quantity * Price as decimal(18, 2)) as amount from sales""")
    db.execute("create table identity_links as select '' as customer_id, '' as source_system, '' as source_customer_id")
    products = counts.gather(db, as_of=date(2011, 11, 30), months=OPTIONS.months)
    units = counts.units(db, related.BASKET, as_of=date(2011, 11, 30), options=OPTIONS)
    return units, pairs.pairs(db, units, products, OPTIONS), products


@pytest.mark.parametrize("known", [TEACUPS, HERBS])
def test_a_known_family_is_bought_together(found, known):
    _, made, _ = found
    family = made[made["product_1"].isin(known) & made["product_2"].isin(known)]
    assert len(family) == len(known) * (len(known) - 1) / 2
    assert (family["lift"] > 10).all() and (family["q_value"] < 1e-30).all()
    assert (family[["rank_1", "rank_2"]].min(axis=1) < len(known)).all()


def test_what_large_baskets_hold_anyway_is_no_finding(found):
    units, made, _ = found
    possible = len(units.items) * (len(units.items) - 1) / 2
    assert len(made) < possible / 50
    assert (made["excess_low"] > 1).all() and (
        made["expected"] >= made["units_1"] * made["units_2"] / units.units * 0.5
    ).all()


def test_an_accessory_of_the_teapot_is_the_sugar_bowl(found):
    _, made, products = found
    name = products.set_index("product_id")["name"]
    told = made[made["accessory"].notna()].assign(accessory=lambda rows: name.reindex(rows["accessory"]).to_numpy())
    pot = told[name.reindex(told["product_1"]).str.contains("REGENCY TEAPOT").to_numpy()
               | name.reindex(told["product_2"]).str.contains("REGENCY TEAPOT").to_numpy()]  # fmt: skip
    assert pot["accessory"].str.contains("REGENCY (?:SUGAR|MILK|TEACUP|TEA PLATE)").any()
