"""Everything that the page Segments shows as equations of the counts behind it, and what an attacker solves for."""

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from movement_tables import AS_OF, memory, shop, stationary
from scipy.optimize import Bounds, LinearConstraint, milp
from test_report import data

import customerbase.dashboards.segments as board
from customerbase import charts, i18n, report, rfm, segments
from customerbase.engine import Engine, sql_text
from customerbase.periods import add_months, month_end
from customerbase.report import ReportData
from customerbase.segments.movement import grids, looks

K, NEW = 10, segments.ABSENT_BEFORE
VALUES = {
    "channel": ["store", "web", "app"],
    "gender": ["female", "male", "unknown"],
    "age_band": ["20-29", "30-39", "40-49", "50-59", "70+"],
    "prefecture": ["東京都", "大阪府", "福岡県", "奈良県"],
}


@dataclass
class Shop:
    """A small company's customers: the page's data, and the truth behind it, one row a customer."""

    world: ReportData
    people: pd.DataFrame  # customer_id, r, f, segment, attributes, risk
    then: dict[int, pd.Series]  # months before -> segment of each customer, `not_yet` for who was none
    between: dict[int, pd.Series]  # the same by today's behaviour under the cut points of then


def company(seed: int, customers: int = 220, months: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 9, 12, 17)) -> Shop:
    """Customers who buy and stay away at random; the movement over some spans, attributes, risk."""
    random = np.random.default_rng([29, seed])
    db = shop(stationary(seed, customers, 20))
    rule = rfm.rule(db, as_of=AS_OF)
    memory(db, segments.assign(rule.ranks(db, AS_OF)))
    people = db.query("select customer_id, r, f, segment from rfm order by customer_id").df().set_index("customer_id")
    for attribute, values in VALUES.items():
        people[attribute] = random.choice(values, len(people), p=random.dirichlet(np.full(len(values), 0.8)))
    chance = random.random(len(people))
    people["risk"] = np.where(chance < 0.35, "high", np.where(chance < 0.7, "low", "none"))
    moved = segments.movement.movement(db, rule, as_of=AS_OF).tables()
    ends = {back: month_end(add_months(AS_OF, -back)) for back in months}
    then = {back: _members(db, rule, people, day, day, NEW) for back, day in ends.items()}
    between = {back: _members(db, rule, people, AS_OF, day, "gone") for back, day in ends.items()}
    tables = {name: moved[name][moved[name]["months"].isin(months)] for name in ("migration", "migration_causes")}
    return Shop(_data(db, people, then[1], tables), people, then, between)


def _members(db: Engine, rule, people: pd.DataFrame, day: date, at: date, absent: str) -> pd.Series:
    found = segments.assign(rule.ranks(db, day, at)).project("customer_id, segment").df().set_index("customer_id")
    return found["segment"].reindex(people.index).fillna(absent)


def _data(db: Engine, people: pd.DataFrame, before: pd.Series, tables: dict) -> ReportData:
    db.register("customer_attributes", people.reset_index()[["customer_id", *VALUES]])
    scored = people[people["risk"] != "none"].reset_index()
    db.register("churn", scored.rename(columns={"risk": "risk_band"})[["customer_id", "risk_band"]])
    db.register("earlier", db.query("select * from rfm where false").df())
    members = db.query("select * from rfm")
    summary = segments.summary(db, members, as_of=AS_OF)
    then = before[before != NEW].value_counts()
    summary["previous_customers"] = then.reindex(summary["segment"], fill_value=0).to_numpy()
    return data(
        **tables,
        rfm=db.query(sql_text("report_rfm")).df(),
        segment_summary=summary,
        segment_attributes=segments.attributes(db, members, as_of=AS_OF, k_min=K),
        segment_worth=db.query(sql_text("report_segment_worth")).df(),
    )


@dataclass
class Attack:
    """Counts as whole numbers of nobody or more, and what is known of sums of them."""

    of: Shop
    names: dict[tuple, int] = field(default_factory=dict)
    equal: list[tuple[dict[int, float], float]] = field(default_factory=list)
    most: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def at(self, *key) -> int:
        return self.names.setdefault(key, len(self.names))

    def total(self, keys, value: float, *less) -> None:
        """The sum of these counts, less those, is known."""
        row = {}
        for sign, group in ((1.0, keys), (-1.0, less)):
            for key in group:
                place = self.at(*key)
                row[place] = row.get(place, 0.0) + sign
        self.equal.append((row, float(value)))

    def few(self, keys) -> None:
        self.most.append(({self.at(*key): 1.0 for key in keys}, K - 1.0))
        self.most.append(({self.at(*key): -1.0 for key in keys}, -1.0))

    def within(self, small: tuple, large) -> None:
        """A count is at most the sum of others."""
        row = {self.at(*small): 1.0}
        for key in large:
            row[self.at(*key)] = row.get(self.at(*key), 0.0) - 1.0
        self.most.append((row, 0.0))

    def _constraints(self) -> list[LinearConstraint]:
        size, made = len(self.names), []
        for rows, low in ((self.equal, None), (self.most, -np.inf)):
            matrix = np.zeros((len(rows), size))
            for place, (terms, _) in enumerate(rows):
                matrix[place, list(terms)] = list(terms.values())
            ends = np.array([end for _, end in rows])
            made.append(LinearConstraint(matrix, ends if low is None else low, ends) if len(rows) else None)
        return [one for one in made if one is not None]

    def widths(self, targets: list[dict[tuple, float]]) -> list[tuple[float, float]]:
        """Least and greatest value of sums of counts while everything shown stays as it is, in whole numbers."""
        rules, found = self._constraints(), []
        for target in targets:
            aim = np.zeros(len(self.names))
            for key, sign in target.items():
                aim[self.names[key]] += sign
            look = {"constraints": rules, "bounds": Bounds(0, 5000), "integrality": np.ones(len(aim))}
            ends = [milp(sign * aim, options={"mip_rel_gap": 0, "time_limit": 20}, **look) for sign in (1, -1)]
            assert all(one.x is not None for one in ends), [one.message for one in ends]
            found.append((round(ends[0].fun), round(-ends[1].fun)))
        return found


def shown(of: Shop, languages: tuple[str, ...] = ("en", "ja")) -> Attack:
    """All that the page shows under all choices in both languages, read from its parts."""
    attack = Attack(of)
    _structure(attack)
    for language in languages:
        contents = report.contents(of.world, language, charts)
        parts = {(one.name, one.choice): one for one in board.parts(of.world, contents, language, charts)}
        names = {segments.name(code, language): code for code in segments.codes()} | {looks.named(NEW, language): NEW}
        _sizes(attack, parts, names)
        _map(attack, parts)
        for months in of.then:
            if ("movement", str(months)) in parts:
                _movement(attack, months, parts, names, language)
        _attributes(attack, parts, names, language)
        _risk(attack, parts, names)
    return attack


def _structure(attack: Attack) -> None:
    """What anybody knows: sizes are sums, ranks belong to segments, newcomers of a span are those of a longer one."""
    codes, spans = segments.codes(), sorted(attack.of.then)
    attack.total([("size", code) for code in codes], len(attack.of.people))
    for code in codes:
        size = [("size", code)]
        ranks = [("map", r, f, code) for r in range(1, 6) for f in range(1, 6)
                 if code in {segments.segment_of(r, f, m) for m in range(1, 6)}]  # fmt: skip
        attack.total(ranks, 0, *size)
        attack.total([("risk", code, kind) for kind in ("high", "low", "none")], 0, *size)
        for attribute, values in VALUES.items():
            attack.total([("attribute", attribute, value, code) for value in values], 0, *size)
        for months in spans:
            attack.total([("move", months, other, code) for other in (*codes, NEW)], 0, *size)
        for short, long in pairwise(spans):
            attack.within(("move", short, NEW, code), [("move", long, NEW, code)])
    for months in spans:
        for other in (*codes, NEW):
            row = [("move", months, other, code) for code in codes]
            attack.total([("real", months, other, code) for code in codes], 0, *row)
    for kind in ("high", "low", "none"):  # the page Value and risk tells how many are in each band
        attack.total([("risk", code, kind) for code in codes], (attack.of.people["risk"] == kind).sum())


def _rows(part) -> list[dict]:
    table = part.table()
    return [dict(zip([column.key for column in table.columns], row, strict=True)) for row in table.rows]


def _sizes(attack: Attack, parts: dict, names: dict) -> None:
    assert f"{len(attack.of.people):,}" in parts["named", ""].table().caption
    for row in _rows(parts["named", ""]):
        code = names[row["segment"]]
        if isinstance(row["customers"], int):
            attack.total([("size", code)], row["customers"])
            if row["change"] is not None:
                before = [("move", 1, code, other) for other in segments.codes()]
                attack.total(before, row["customers"] - row["change"])
        elif row["customers"].startswith("<"):
            attack.few([("size", code)])


def _map(attack: Attack, parts: dict) -> None:
    """The numbers drawn, checked against the cells that the map says it shows."""
    cells, world = attack.of.world.tables["rfm"], attack.of.world
    hidden, counts = rfm.withheld(cells, K, world.withheld_segments), rfm.grid(cells)
    drawn = re.findall(r">([\d,]+)\s?[(（]", parts["map", ""].content.split('class="phone"')[0])
    told = [(r, f) for r in counts.index for f in counts.columns if (r, f) not in hidden]
    assert sorted(int(one.replace(",", "")) for one in drawn) == sorted(
        int(counts.loc[cell]) for cell in told if counts.loc[cell]
    )
    for r, f in told:
        keys = [key for key in attack.names if key[:3] == ("map", r, f)]
        attack.total(keys, counts.loc[r, f])


def _movement(attack: Attack, months: int, parts: dict, names: dict, language: str) -> None:
    html, codes = parts["movement", str(months)].content, segments.codes()
    for row in _rows(parts["cells", str(months)]):
        origin, target = names[row["origin"]], names[row["target"]]
        cell = [("move", months, origin, target)]
        attack.total(cell, row["customers"])
        if isinstance(row["share"], float):
            whole = round(row["customers"] / row["share"])
            attack.total([("move", months, origin, code) for code in codes], whole)
        if isinstance(row.get("real"), int):
            attack.total([("real", months, origin, target)], row["real"])
            attack.total([("real", months, origin, target)], -row["cut_points"], *cell)
    if "movegrid" in html:
        _grid(attack, months, html)
    sizes = re.findall(r">([^<>]+?)\s([\d,]+)</text>", html)  # beside the ends of the bands, not in the grid
    then = attack.of.then[months].value_counts()
    for name, number in sizes:
        if (code := names.get(name)) and code in then.index and then[code] == int(number.replace(",", "")):
            row = [("move", months, code, other) for other in codes]
            attack.total(row, then[code])
    people = r"([\d,]+)人のうち([\d,]+)人の" if language == "ja" else r"([\d,]+) of ([\d,]+) customers changed"
    for first, second in re.findall(people, html):
        everybody, changed = (
            int(one.replace(",", "")) for one in ((first, second) if language == "ja" else (second, first))
        )
        attack.total([("move", months, a, b) for a in codes for b in codes], everybody)
        if "at least" not in html and "少なくとも" not in html:
            attack.total([("move", months, a, b) for a in codes for b in codes if a != b], changed)


def _grid(attack: Attack, months: int, html: str) -> None:
    """Cells without a number and without a star are nobody's."""
    cells = attack.of.world.movements[months]
    counts, hidden = grids.grid(cells), grids.withheld(cells, K)
    svg = html.split('class="phone"')[0]
    assert svg.count(">*<") == int((hidden & (counts >= 0)).to_numpy().sum())
    for origin in (*segments.codes(), NEW):
        for target in segments.codes():
            known = origin in counts.index and target in counts.columns
            if not known or (not hidden.loc[origin, target] and not counts.loc[origin, target]):
                attack.total([("move", months, origin, target)], 0)


def _attributes(attack: Attack, parts: dict, names: dict, language: str) -> None:
    words = {segments.ATTRIBUTES[one][language == "ja"]: one for one in VALUES}
    rows = [(attribute, row) for attribute in VALUES if ("breakdown", attribute) in parts
            for row in _rows(parts["breakdown", attribute])]  # fmt: skip
    rows += [(words[row["attribute"]], row | {"segment": segments.name(code, language)})
             for code in segments.codes() if ("differences", code) in parts for row in _rows(parts["differences", code])]  # fmt: skip
    for attribute, row in rows:
        value = next(one for one in VALUES[attribute] if _said(one, language) == row["value"])
        code = names[row["segment"]]
        attack.total([("attribute", attribute, value, code)], row["customers"])
        if row["share"]:
            everybody = [("attribute", attribute, value, one) for one in segments.codes()]
            attack.total(everybody, round(row["customers"] / row["share"]))


def _said(value: str, language: str) -> str:
    return i18n.word_or(f"value.{value}", language, value)


def _risk(attack: Attack, parts: dict, names: dict) -> None:
    for row in _rows(parts["worth", ""]):
        if row["scored"] is not None:
            code = names[row["segment"]]
            attack.total([("risk", code, "high")], round(row["high_risk"] * row["scored"]))
            attack.total([("risk", code, "high"), ("risk", code, "low")], row["scored"])


def secrets(of: Shop) -> dict[str, list[tuple[dict[tuple, float], int]]]:
    """Kind -> small counts of the truth, by plain counting: what they are a sum of, and how many."""
    people, found = of.people, {}

    def add(kind: str, target: dict[tuple, float], count: int) -> None:
        if 0 < count < K:
            found.setdefault(kind, []).append((target, int(count)))

    for code, count in people["segment"].value_counts().items():
        add("size", {("size", code): 1.0}, count)
    for (r, f, code), count in people.groupby(["r", "f", "segment"]).size().items():
        add("map", {("map", r, f, code): 1.0}, count)
    for attribute in VALUES:
        for (value, code), count in people.groupby([attribute, "segment"]).size().items():
            add("attribute", {("attribute", attribute, value, code): 1.0}, count)
    for (code, kind), count in people.groupby(["segment", "risk"]).size().items():
        add("risk", {("risk", code, kind): 1.0}, count)
    for months in (one for one in of.then if one in of.world.movements):
        pairs = pd.DataFrame({"then": of.then[months], "now": people["segment"]})
        for (a, b), count in pairs.groupby(["then", "now"]).size().items():
            add("move", {("move", months, a, b): 1.0}, count)
        for other in (one for one in of.then if one > months and one in of.world.movements):
            came = people["segment"][(of.then[other] == NEW) & (of.then[months] != NEW)].value_counts()
            for code, count in came.items():
                add("came between", {("move", other, NEW, code): 1.0, ("move", months, NEW, code): -1.0}, count)
    return found
