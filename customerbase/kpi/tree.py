"""The revenue tree: what a change of revenue is made of, exact to the smallest coin at every level."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine
from customerbase.intervals import Z
from customerbase.kpi.changes import AGAINST, by_month
from customerbase.kpi.exact import coins, in_coins, nearest, round_to_total, shapley
from customerbase.kpi.rows import relation_of, rows_of
from customerbase.periods import add_months

GROUPS = ("new", "returning", "reactivated", "credits")
FACTORS = ("customers", "frequency", "basket")
ORDER = [  # from the root down, children after their parent
    "revenue",
    "known",
    *(f"known.{group}{name}" for group in GROUPS for name in ("", *(f".{factor}" for factor in FACTORS))),
    "anonymous",
]
KPI_FACTORS = ("active_customers", "purchase_frequency", "average_order_value")
TREE_COLUMNS = {
    "as_of": pa.date32(),
    "against": pa.string(),
    "node": pa.string(),
    "parent": pa.string(),
    "depth": pa.int32(),
    "before": pa.float64(),
    "now": pa.float64(),
    "contribution": pa.decimal128(18, 2),
    "n_before": pa.int64(),
    "n_now": pa.int64(),
    "low": pa.float64(),
    "high": pa.float64(),
}
# a customer's share in the six sums of a group: count, orders, revenue, before and now
_SUMS = ("customers", "orders_before", "revenue_before", "customers", "orders_now", "revenue_now")
_PRODUCTS = {
    (1, 1): "orders_before_2",
    (2, 2): "revenue_before_2",
    (1, 2): "revenue_orders_before",
    (4, 4): "orders_now_2",
    (5, 5): "revenue_now_2",
    (4, 5): "revenue_orders_now",
    (1, 4): "orders_both",
    (2, 5): "revenue_both",
    (2, 4): "revenue_before_orders_now",
    (1, 5): "revenue_now_orders_before",
}


def revenue_tree(db: Engine, *, as_of: date, currency: str = "JPY", silence_months: int = 3) -> duckdb.DuckDBPyRelation:
    """Change of the month's revenue against last month and last year, by group of customers, times, and basket.

    Nodes: revenue = known + anonymous; known = known.new + known.returning + known.reactivated + known.credits; each of
    the first three = customers × orders per customer × revenue per order. new: first order ever in that month;
    reactivated: the order before lies more than silence_months months back; credits: customers with only refunds or
    credit notes in the month. Rows: as_of, against, node, parent, depth, before, now (currency; for the three factors
    their own value, null in a month without such customers), contribution (currency), n_before, n_now (customers;
    orders for revenue and anonymous), low, high (95 %, of the contribution).

    Contributions of factors are Shapley values; a factor that has no value in one month counts as unchanged, so a group
    that is new to a month is all customers. Contributions of children add up to their parent's, and contribution =
    now − before for every amount, in whole coins (the yen; 1/100 elsewhere) by largest remainders. The interval counts
    customers as they came (a compound Poisson sum), each with both months, so that regulars do not widen it; parts of
    a product by linearisation. None below two customers (for a factor: in
    either month). A comparison with a month before the first document has no rows. Reads customer_months and
    customer_orders (features).
    """
    month, unit = as_of.replace(day=1), coins(currency)
    nobody = {row["month"]: row for row in rows_of(db.run("anonymous_months"))}
    known = db.query("select min(month) as month from customer_months").fetchall()[0][0]
    first = min([day for day in (known, *nobody) if day is not None], default=None)
    rows = []
    for against, step in AGAINST.items():
        before = add_months(month, step)
        if first is not None and first <= before:
            pairs = rows_of(db.run("revenue_tree", month=month, before=before, silence_months=silence_months))
            tree = _Tree(pairs, nobody.get(before), nobody.get(month), unit)
            rows += [{"as_of": as_of, "against": against} | row for row in tree.rows()]
    return relation_of(db, rows, TREE_COLUMNS)


revenue_tree.definition_ja = "売上の変化を、顧客の種類ごとの購入客数 × 購入頻度 × 購入単価の寄与に分けたもの"


def shown_tree(rows: list[dict], k_min: int) -> list[dict]:
    """The rows of one comparison as people may see them: groups of fewer than k_min customers, and those that would
    give them back, are one node known.others without factors and without an interval.

    rows: of one `against`, as dictionaries. Groups without a customer in either month are left out.
    """
    rows = sorted(rows, key=lambda row: ORDER.index(row["node"]))  # a stored table has no order of its own
    known = [row for row in rows if row["parent"] == "known"]
    hidden = np.zeros(len(known), dtype=bool)
    for column in ("n_before", "n_now"):
        hidden |= suppress_parts(np.array([row[column] for row in known]), k_min)
    small = [row for row, hide in zip(known, hidden, strict=True) if hide]
    gone = {row["node"] for row in small} | {row["node"] for row in known if not row["n_before"] + row["n_now"]}
    shown = [row for row in rows if row["node"] not in gone and row["parent"] not in gone]
    if small:
        sums = {
            name: sum(row[name] for row in small) for name in ("before", "now", "contribution", "n_before", "n_now")
        }
        others = small[0] | sums | {"node": "known.others", "low": None, "high": None}
        shown.insert(next((i for i, row in enumerate(shown) if row["node"] == "anonymous"), len(shown)), others)
    return shown


class _Tree:
    """One comparison: sums of every group in both months, in whole coins, and the moments behind the intervals."""

    def __init__(self, pairs: list[dict], then: dict | None, now: dict | None, unit: int):
        self.pairs, self.unit = pairs, unit
        self.nobody = {"before": then or {}, "now": now or {}}
        self.money = {when: self._money(when) for when in ("before", "now")}

    def rows(self) -> list[dict]:
        """The rows of the tree from the root down, children after their parent."""
        documents = [
            int(self._sum(GROUPS, f"orders_{when}", when) + self.nobody[when].get("anonymous_orders", 0))
            for when in ("before", "now")
        ]
        known, alone = self._variance(GROUPS), self._anonymous_variance()
        found = [
            self._amount("revenue", None, 0, documents, known + alone),
            self._amount("known", "revenue", 1, self._n(GROUPS), known),
        ]
        for group in GROUPS:
            node = f"known.{group}"
            found.append(self._amount(node, "known", 2, self._n((group,)), self._variance((group,))))
            found += self._factors(group) if group != "credits" else []
        orders = [int(self.nobody[when].get("anonymous_orders", 0)) for when in ("before", "now")]
        return [*found, self._amount("anonymous", "revenue", 1, orders, alone)]

    def _sum(self, groups: tuple[str, ...], column: str, when: str) -> Fraction:
        return sum((Fraction(row[column]) for row in self.pairs if row[f"group_{when}"] in groups), Fraction(0))

    def _n(self, groups: tuple[str, ...]) -> list[int]:
        return [int(self._sum(groups, "customers", when)) for when in ("before", "now")]

    def _money(self, when: str) -> dict[str, int]:
        """Amounts of the nodes in whole coins: the root rounded, everything below by largest remainders."""
        exact = {f"known.{group}": self._sum((group,), f"revenue_{when}", when) * self.unit for group in GROUPS}
        ends = {
            "known": sum(exact.values()),
            "anonymous": in_coins(self.nobody[when].get("anonymous_revenue", 0), self.unit),
        }
        root = nearest(sum(ends.values()))
        ends = round_to_total(ends, root)
        return {"revenue": root} | ends | round_to_total(exact, ends["known"])

    def _amount(self, node: str, parent: str | None, depth: int, n: list[int], variance: float) -> dict:
        before, now = (self.money[when][node] for when in ("before", "now"))
        row = {"node": node, "parent": parent, "depth": depth, "n_before": n[0], "n_now": n[1]}
        row |= {"before": before / self.unit, "now": now / self.unit}
        return row | self._change(now - before, variance if sum(n) >= 2 else None)

    def _change(self, change: int, variance: float | None) -> dict:
        half = None if variance is None else Z * max(variance, 0.0) ** 0.5
        value = change / self.unit
        return {
            "contribution": Decimal(change) / self.unit,
            "low": None if half is None else value - half,
            "high": None if half is None else value + half,
        }

    def _factors(self, group: str) -> list[dict]:
        """Customers, orders per customer and revenue per order of one group, with their parts of its change."""
        sums = [
            (n, self._sum((group,), f"orders_{when}", when), Fraction(self.money[when][f"known.{group}"]))
            for n, when in zip(self._n((group,)), ("before", "now"), strict=True)
        ]
        values = [_ratios(*month) for month in sums]
        filled = [values[1 - i] if value is None else value for i, value in enumerate(values)]
        if filled[0] is None:
            parts = [Fraction(0)] * 3
        else:
            counts = [Fraction(0) if value is None else value[0] for value in values]
            then, now = ((count, *filled[i][1:]) for i, count in enumerate(counts))
            parts = shapley(then, now)
        change = int(sums[1][2] - sums[0][2])
        whole = round_to_total(dict(zip(FACTORS, parts, strict=True)), change)
        variances = [None] * 3
        if min(sums[0][0], sums[1][0]) >= 2:
            variances = self._factor_variances(group, sums)
        elif max(sums[0][0], sums[1][0]) >= 2 and None in values:
            variances[0] = self._variance((group,))  # all of the change is customers
        return [
            {"node": f"known.{group}.{name}", "parent": f"known.{group}", "depth": 3}
            | {"n_before": sums[0][0], "n_now": sums[1][0]}
            | dict(zip(("before", "now"), (self._shown(name, value) for value in values), strict=True))
            | self._change(whole[name], variance)
            for name, variance in zip(FACTORS, variances, strict=True)
        ]

    def _shown(self, name: str, value: tuple[Fraction, ...] | None) -> float | None:
        if value is None:
            return 0.0 if name == "customers" else None
        return float(value[FACTORS.index(name)] / (self.unit if name == "basket" else 1))

    def _moments(self, groups: tuple[str, ...]) -> np.ndarray:
        """Sum over customers of u·uᵀ, u their count, orders and revenue in the groups, before and now."""
        total = np.zeros((6, 6))
        for row in self.pairs:
            there = np.repeat([row[f"group_{when}"] in groups for when in ("before", "now")], 3)
            matrix = np.zeros((6, 6))
            for count in (0, 3):  # a count is 1: its products are the sums themselves
                matrix[count] = matrix[:, count] = [float(row[column]) for column in _SUMS]
            for (i, j), column in _PRODUCTS.items():
                matrix[i, j] = matrix[j, i] = float(row[column])
            total += matrix * np.outer(there, there)
        return total

    def _variance(self, groups: tuple[str, ...]) -> float:
        matrix = self._moments(groups)
        return float(matrix[5, 5] + matrix[2, 2] - 2 * matrix[2, 5])

    def _anonymous_variance(self) -> float:
        return float(sum(month.get("anonymous_revenue_squared", 0) for month in self.nobody.values()))

    def _factor_variances(self, group: str, sums: list[tuple]) -> list[float]:
        """Variance of each part of the product, linearised in the six sums; the slopes by a complex step."""
        point = np.array([float(value) for month in sums for value in month])
        point[[2, 5]] /= self.unit
        slopes = np.array([np.imag(_parts(point + 1e-30j * np.eye(6)[i])) / 1e-30 for i in range(6)])
        return list(np.einsum("if,ij,jf->f", slopes, self._moments((group,)), slopes))


def _ratios(customers: int, orders: Fraction, revenue: Fraction) -> tuple[Fraction, Fraction, Fraction] | None:
    return (Fraction(customers), orders / customers, revenue / orders) if customers else None


def _parts(sums: np.ndarray) -> np.ndarray:
    """The three Shapley values as a function of the six sums: the closed form for three factors."""
    c0, c1 = sums[0], sums[3]
    f0, f1, b0, b1 = sums[1] / c0, sums[4] / c1, sums[2] / sums[1], sums[5] / sums[4]

    def part(a0, a1, x0, x1, y0, y1):
        return (a1 - a0) * ((x0 * y0 + x1 * y1) / 3 + (x0 * y1 + x1 * y0) / 6)

    return np.array([part(c0, c1, f0, f1, b0, b1), part(f0, f1, c0, c1, b0, b1), part(b0, b1, c0, c1, f0, f1)])


def revenue_change(table: pd.DataFrame, *, month: date, before: date) -> pd.DataFrame:
    """The change of revenue between two months, split into customers × frequency × basket and anonymous sales.

    The tree without its groups of customers, from the kpi table (a frame) alone. One row per part (active_customers,
    purchase_frequency, average_order_value, revenue_anonymous): part, before, now, contribution in currency, rounded
    to 1/100 so that they add up to the change of revenue to the last digit. Empty when either month has no orders.
    """
    wide = by_month(table)
    now, then = _kpi_factors(wide, month), _kpi_factors(wide, before)
    if now is None or then is None:
        return pd.DataFrame(columns=["part", "before", "now", "contribution"])
    exact = dict(zip(KPI_FACTORS, shapley(then, now), strict=True))
    grown = {
        kpi: _cents(wide[(kpi, month)]) - _cents(wide[(kpi, before)])
        for kpi in ("revenue_identified", "revenue_anonymous")
    }
    parts = round_to_total(exact, grown["revenue_identified"]) | {"revenue_anonymous": grown["revenue_anonymous"]}
    return pd.DataFrame(
        [
            {
                "part": part,
                "before": wide[(part, before)]["value"],
                "now": wide[(part, month)]["value"],
                "contribution": cents / 100,
            }
            for part, cents in parts.items()
        ]
    )


def _kpi_factors(wide: dict, month: date) -> tuple[Fraction, Fraction, Fraction] | None:
    """Customers, frequency and basket (in 1/100 currency) as exact fractions; None for a month without orders."""
    customers, basket = wide.get(("active_customers", month)), wide.get(("average_order_value", month))
    if not customers or not customers["value"] or not basket["n"]:
        return None
    active, orders = int(customers["value"]), int(basket["n"])
    return Fraction(active), Fraction(orders, active), Fraction(_cents(wide[("revenue_identified", month)]), orders)


def _cents(row: dict) -> int:
    return round(row["value"] * 100)
