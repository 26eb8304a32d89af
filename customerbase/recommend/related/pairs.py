"""Pairs and sets of three products that are held together more often than chance and the sizes of baskets explain."""

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.multiple import benjamini_hochberg
from customerbase.recommend.related.chance import excess, fisher, three_way, upper_tail
from customerbase.recommend.related.counts import Units
from customerbase.recommend.related.options import Options

PAIRS = [
    *("level", "product_1", "product_2", "units", "units_1", "units_2", "units_both", "support", "confidence_1_2"),
    *("confidence_2_1", "lift", "expected", "excess", "excess_low", "excess_high", "strength", "p_fisher"),
    *("p_value", "q_value", "rank_1", "rank_2", "accessory"),
]
SETS = [
    *(
        "product_1",
        "product_2",
        "product_3",
        "units",
        "units_all",
        "support",
        "lift",
        "expected",
        "excess",
        "excess_low",
    ),
    *("excess_high", "p_value", "q_value"),
]
CORNERS = 10  # strongest partners of a product from which sets are made


def pairs(db: Engine, held: Units, products: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Pairs of one level that go together, one row each, product_1 before product_2: counts, strength, chance, ranks.

    lift: units with both against independence whatever the sizes of baskets; expected: units with both that independent
    products give in baskets of the same sizes and months (chance.BySize; of all alike where products are few); excess: units_both / expected with its 95 % interval;
    p_value: chance of as many or more, of that expectation; q_value: over all pairs of products that enough units hold,
    also those never seen together; p_fisher: Fisher's one-sided p-value, whatever the sizes; strength: what units_both is
    above its expectation at least (lower bound), as a share of the geometric mean of units_1 and units_2. Kept are q-values
    up to false_discovery, per product the strongest `partners`; rank_1 is the place of product_2 among the partners of
    product_1. Reads related_held.
    """
    found = db.run("related_pairs", fewest=options.fewest).df().sort_values(["item_1", "item_2"], ignore_index=True)
    made = _ranked(tested(found, held, options.false_discovery), options.partners)
    named = products.set_index("item")["product_id"]
    for end in ("1", "2"):
        made[f"product_{end}"] = named.reindex(made[f"item_{end}"]).to_numpy()
    made["accessory"] = accessory(made["product_1"], made["product_2"], products, options.accessory_price)
    return made[["item_1", "item_2", *PAIRS]].reset_index(drop=True)


def tested(found: pd.DataFrame, held: Units, level: float) -> pd.DataFrame:
    """The pairs (item_1, item_2, units_both) that go together at that false discovery rate, with all their measures."""
    first, second = held.rows(found["item_1"]), held.rows(found["item_2"])
    one, other, both = held.counts[first], held.counts[second], found["units_both"].to_numpy(dtype=float)
    if held.alike:
        expected = one * other / max(held.units, 1)
        p = fisher(both, one, other, held.units)
    else:
        expected = held.by_size.expected(first, second)
        p = upper_tail(both, expected, held.by_size.most(first, second))
    q = benjamini_hochberg(p, tests=len(held.items) * (len(held.items) - 1) // 2)
    made = found.assign(level=held.level, units=held.units, units_1=one, units_2=other, expected=expected)
    made["excess"], made["excess_low"], made["excess_high"] = excess(both, expected)
    made = made.assign(strength=(made["excess_low"] - 1) * expected / np.sqrt(one * other), p_value=p, q_value=q)
    made = made[(q <= level) & (both > expected)].reset_index(drop=True)
    one, other, both = (made[name].to_numpy(dtype=float) for name in ("units_1", "units_2", "units_both"))
    return made.assign(
        support=both / max(held.units, 1),
        confidence_1_2=both / one,
        confidence_2_1=both / other,
        lift=both * held.units / (one * other),
        p_fisher=fisher(both, one, other, held.units),
    )


def _ranked(rows: pd.DataFrame, partners: int) -> pd.DataFrame:
    """The strongest pairs of each product, with the place of each end among the partners of the other."""
    rows = rows.sort_values(["strength", "item_1", "item_2"], ascending=[False, True, True], ignore_index=True)
    ends = (
        pd.concat([rows["item_1"], rows["item_2"]], keys=["1", "2"])
        .rename_axis(["end", "row"])
        .reset_index(name="item")
    )
    ends = ends.sort_values(["row", "end"], kind="stable")
    place = (ends.groupby("item").cumcount() + 1).set_axis(pd.MultiIndex.from_frame(ends[["end", "row"]]))
    for end in ("1", "2"):
        rows[f"rank_{end}"] = place.loc[end].reindex(rows.index).to_numpy(dtype=int) if len(rows) else 0
    return rows[(rows["rank_1"] <= partners) | (rows["rank_2"] <= partners)].reset_index(drop=True)


def accessory(first: pd.Series, second: pd.Series, products: pd.DataFrame, most: float) -> np.ndarray:
    """Which of two products that go together is the accessory: the one of at most that share of the other's price; or None."""
    price = products.set_index("product_id")["price"].astype(float)
    one, other = price.reindex(first).to_numpy(), price.reindex(second).to_numpy()
    with np.errstate(invalid="ignore"):
        small = np.where(one <= most * other, first.to_numpy(), np.where(other <= most * one, second.to_numpy(), None))
    return np.where((one > 0) & (other > 0), small, None)


def sets(db: Engine, held: Units, together: pd.DataFrame, products: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Sets of three that are held together more often than their pairs explain, the strongest first.

    Looked at are sets whose three pairs are pairs that go together, each among the ten strongest of one of its products.
    expected, p_value: chance.three_way; lift: against independence of all three; q_value: over all sets looked at. Reads
    related_held; together: what `pairs` made of the same units.
    """
    edges = together[(together["rank_1"] <= CORNERS) | (together["rank_2"] <= CORNERS)]
    db.register("related_edges", edges[["item_1", "item_2", "units_both"]])
    triples = db.query(TRIANGLES)
    db.register("related_triples", triples.to_arrow_table())
    counted = db.run("related_sets", fewest=options.fewest)
    found = counted.join(db.query("select * from related_triples"), "item_1, item_2, item_3").df()
    found = found.sort_values(["item_1", "item_2", "item_3"], ignore_index=True)
    tests = db.query("select count(*) from related_triples").fetchall()[0][0]
    items = [held.rows(found[f"item_{place}"]) for place in (1, 2, 3)]
    singles = np.stack([held.counts[rows] for rows in items], axis=1).astype(float)
    both, count = (
        found[["both_12", "both_13", "both_23"]].to_numpy(dtype=float),
        found["units_all"].to_numpy(dtype=float),
    )
    made = found.assign(units=held.units, support=count / held.units, **three_way(held.units, singles, both, count))
    made["lift"] = count * held.units**2 / singles.prod(axis=1)
    made["excess"], made["excess_low"], made["excess_high"] = excess(count, made["expected"].to_numpy())
    made["q_value"] = benjamini_hochberg(made["p_value"].to_numpy(), tests=tests)
    made = made[(made["q_value"] <= options.false_discovery) & (count > made["expected"])]
    named = products.set_index("item")["product_id"]
    for place in ("1", "2", "3"):
        made = made.assign(**{f"product_{place}": named.reindex(made[f"item_{place}"]).to_numpy()})
    order = ["excess_low", "product_1", "product_2", "product_3"]
    return made.sort_values(order, ascending=[False, True, True, True], ignore_index=True)[SETS]


TRIANGLES = """
    select one.item_1, one.item_2, other.item_2 as item_3,
        one.units_both as both_12, other.units_both as both_13, third.units_both as both_23
    from related_edges as one
    inner join related_edges as other on one.item_1 = other.item_1 and one.item_2 < other.item_2
    inner join related_edges as third on third.item_1 = one.item_2 and third.item_2 = other.item_2
"""
