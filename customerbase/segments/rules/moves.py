"""Who entered a segment and who left it since the month before, and which condition made the difference."""

import operator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine, literal
from customerbase.segments.rules.evaluating import Judged

ENTERED, LEFT = "entered", "left"
ALL, OWN, THRESHOLD, BOTH, KNOWN = "all", "own", "threshold", "both", "known"
ARRIVED, DEPARTED, RULE = "arrived", "departed", "rule"
COLUMNS = [
    *("as_of", "since", "segment", "direction", "condition", "text", "cause", "customers"),
    *("value_before", "value_now", "bound_before", "bound_now"),
]
_OPS = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    **{"=": operator.eq, "<>": operator.ne},
}
_NUMBERS = ["value_before", "value_now", "bound_before", "bound_now"]


@dataclass(frozen=True)
class _Cell:
    condition: int
    text: str
    cause: str
    customers: int
    numbers: tuple = (None, None, None, None)


def moves(db: Engine, judged: Judged | None, *, k_min: int = 10) -> pd.DataFrame:
    """Customers who entered or left each segment since the newest published month before, by condition and cause.

    Reads previous_segment_rules, previous_segment_members and previous_segment_conditions on db. Of a rule that stood
    there: one row (condition 0, cause all) with everybody who moved so; then of each condition that turned (to true
    for who entered, from true for who left) a row per cause: own (the customer's own value alone makes it so),
    threshold (only that the percentile moved), both (neither alone), known (one of them was unknown before, or is
    now). A customer counts under every condition that
    turned. Condition 0 also holds arrived (was in no table then), departed (is in none now) and rule (its text was
    changed, so conditions cannot be compared). Values and bounds are medians of who moved so.
    Numbers below k_min are withheld, both directions of a segment together, as sizes are known.
    """
    if judged is None:
        return pd.DataFrame(columns=COLUMNS)
    then = db.query("select segment, rule, as_of from previous_segment_rules").df().set_index("segment")
    moved = _moved(db, judged)
    rows = []
    for place, rule in enumerate(judged.rules):
        if rule.code in then.index:
            same = then.loc[rule.code, "rule"] == rule.text
            mine = moved[moved["segment"] == rule.code]
            since = pd.Timestamp(then.loc[rule.code, "as_of"]).date()
            rows += [(judged.as_of, since, rule.code, *row) for row in _segment(judged, place, mine, same, k_min)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"customers": "Int64", **dict.fromkeys(_NUMBERS, "float64")})


def _moved(db: Engine, judged: Judged) -> pd.DataFrame:
    """One row per customer who moved and condition of that segment, with truth and numbers then and now."""
    db.register("segment_members_now", judged.members)
    db.register("segment_conditions_now", judged.conditions)
    return db.query(f"""
        with moved as (
            select coalesce(n.customer_id, p.customer_id) as customer_id, coalesce(n.segment, p.segment) as segment,
                case when p.customer_id is null then {literal(ENTERED)} else {literal(LEFT)} end as direction
            from segment_members_now as n
            full join previous_segment_members as p on n.customer_id = p.customer_id and n.segment = p.segment
            where n.customer_id is null or p.customer_id is null
        ), now as (
            select c.* from segment_conditions_now as c
            where exists (select 1 from moved as m where m.customer_id = c.customer_id and m.segment = c.segment)
        ), before as (
            select c.* from previous_segment_conditions as c
            where exists (select 1 from moved as m where m.customer_id = c.customer_id and m.segment = c.segment)
        ), compared as (
            select coalesce(n.customer_id, b.customer_id) as customer_id, coalesce(n.segment, b.segment) as segment,
                coalesce(n.condition, b.condition) as condition,
                n.customer_id is not null as is_now, b.customer_id is not null as was_before,
                coalesce(n.holds, false) as holds, coalesce(b.holds, false) as held,
                b.value as value_before, n.value as value_now, b.bound as bound_before, n.bound as bound_now
            from now as n
            full join before as b
                on n.customer_id = b.customer_id and n.segment = b.segment and n.condition = b.condition
        )
        select m.direction, c.* from moved as m join compared as c using (customer_id, segment)
        order by m.customer_id, segment, condition
    """).df()


def _segment(judged: Judged, place: int, moved: pd.DataFrame, same: bool, k_min: int) -> list[tuple]:
    """The rows of one segment, in both directions."""
    sides = {direction: moved[moved["direction"] == direction] for direction in (ENTERED, LEFT)}
    totals = {direction: side["customer_id"].nunique() for direction, side in sides.items()}
    if any(0 < total < k_min for total in totals.values()):
        return [(direction, 0, "", ALL, None, *[None] * 4) for direction in sides]
    rows = []
    for direction, side in sides.items():
        cells = [_Cell(0, "", ALL, totals[direction])]
        cells += _cells(judged, place, side, direction) if same else [_Cell(0, "", RULE, totals[direction])]
        rows += [(direction, *row) for row in _withheld(cells, totals[direction], k_min)]
    return rows


def _cells(judged: Judged, place: int, side: pd.DataFrame, direction: str) -> list[_Cell]:
    there = side["was_before"] if direction == ENTERED else side["is_now"]
    strangers = side.loc[~there.astype(bool), "customer_id"].nunique()
    found = [_Cell(0, "", ARRIVED if direction == ENTERED else DEPARTED, strangers)]
    side = side[there.astype(bool)]
    for number, condition in enumerate(judged.rules.rules[place].conditions, 1):
        mine = side[side["condition"] == number]
        turned = mine[(mine["holds"] != mine["held"]) & (mine["holds"] == (direction == ENTERED))]
        causes = _causes(turned, condition.op, direction == ENTERED)
        for cause in (OWN, THRESHOLD, BOTH, KNOWN):
            group = turned[causes == cause]
            numbers = tuple(group[name].median() if len(group) else None for name in _NUMBERS)
            found.append(_Cell(number, condition.shown(judged.thresholds), cause, len(group), numbers))
    return found


def _causes(turned: pd.DataFrame, op: str | None, wanted: bool) -> np.ndarray:
    """Whether the value alone, the bound alone or only both together turn a condition; own where both alone would.

    known: one of them had no value before (who entered) or has none now (who left).
    """
    if op is None:
        return np.full(len(turned), OWN, dtype=object)
    value = {when: turned[f"value_{when}"].to_numpy(dtype=float) for when in ("before", "now")}
    bound = {when: turned[f"bound_{when}"].to_numpy(dtype=float) for when in ("before", "now")}

    def holds(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return _OPS[op](left, right) & ~np.isnan(left) & ~np.isnan(right)

    own = holds(value["now"], bound["before"]) == wanted
    threshold = holds(value["before"], bound["now"]) == wanted
    when = "before" if wanted else "now"
    blank = np.isnan(value[when]) | np.isnan(bound[when])
    return np.select([blank, own, threshold], [KNOWN, OWN, THRESHOLD], BOTH)


def _withheld(cells: list[_Cell], total: int, k_min: int) -> list[tuple]:
    """Rows of the cells that have customers; per condition the causes and the rest are parts of the known total."""
    rows = []
    for number in dict.fromkeys(cell.condition for cell in cells):
        mine = [cell for cell in cells if cell.condition == number and cell.cause not in (ALL, RULE)]
        rows += [_row(cell, False) for cell in cells if cell.condition == number and cell.cause in (ALL, RULE)]
        counts = [cell.customers for cell in mine]
        hidden = suppress_parts(np.array([*counts, total - sum(counts)]), k_min)
        rows += [_row(cell, bool(hide)) for cell, hide in zip(mine, hidden[:-1], strict=True) if cell.customers]
    return rows


def _row(cell: _Cell, hidden: bool) -> tuple:
    shown = (None, None, None, None, None) if hidden else (cell.customers, *cell.numbers)
    return (cell.condition, cell.text, cell.cause, *shown)
