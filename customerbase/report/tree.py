"""What revenue's change is made of, in words, a picture and a table: the tree, the biggest movers, the calendar.

Every word of direction follows from a sign, and a change inside its interval is called no clear change.
"""

from decimal import Decimal
from types import ModuleType

import pandas as pd

from customerbase import i18n, kpi, segments
from customerbase.kpi.changes import verdict
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

AGAINST = ("last_month", "last_year")
EACH_WAY = 3  # movers shown up and down per dimension
DRIVERS = ("customers", "frequency", "basket", "credits", "others", "anonymous")  # ends of the tree
TREE = "revenue_tree"


def lines(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Label and sentence: a comparison each, then the year before with weekdays and holidays made equal."""
    if not data.rows(TREE):
        return []
    told = [(i18n.word(f"tree.label.{one}", language), sentence(data, one, language)) for one in AGAINST]
    return [*told, (i18n.word("tree.label.season", language), season(data, language))]


def sentence(data: ReportData, against: str, language: str) -> str:
    """One comparison: whether revenue moved, the main driver, and the top mover."""
    than, rows = i18n.word(f"headline.{against}", language), shown(data, against)
    if not rows:
        return i18n.sentence("tree.said.none", language, than=than)
    root, driver = rows[0], main_driver(rows)
    key = direction(root) if driver else "quiet"
    said = {"than": than, "total": data.money(root["contribution"], language, signed=True)}
    if driver:
        said |= {"driver": _driver(driver, language), "part": data.money(driver["contribution"], language, signed=True)}
    text = i18n.sentence(f"tree.said.{key}", language, **said)
    mover = top_mover(data, against)
    if direction(root) == kpi.NO_CLEAR_CHANGE or mover is None:
        return text
    named = i18n.sentence(
        "tree.said.mover",
        language,
        dimension=i18n.word(f"tree.dimension.{mover['dimension']}", language),
        value=value_name(mover, language),
        part=data.money(mover["contribution"], language, signed=True),
    )
    return i18n.run_on([text, named], language)


def shown(data: ReportData, against: str) -> list[dict]:
    """The tree of one comparison with its small groups together; [] where there is nothing to compare with."""
    return kpi.shown_tree([row for row in data.rows(TREE) if row["against"] == against], data.k_min)


def direction(row: dict) -> str:
    """up, down or no_clear_change of a row with an interval; without one nothing is clear."""
    return kpi.NO_CLEAR_CHANGE if row["low"] is None else verdict(row["low"], row["high"])


def main_driver(rows: list[dict]) -> dict | None:
    """The end of the tree with the largest part in the direction of the total; of an unclear total the largest clear one."""
    ends = [row for row in rows if row["node"].rsplit(".", 1)[-1] in DRIVERS and row["contribution"]]
    towards = direction(rows[0])
    if towards == kpi.NO_CLEAR_CHANGE:
        ends = [row for row in ends if direction(row) != kpi.NO_CLEAR_CHANGE]
    else:
        ends = [row for row in ends if (row["contribution"] > 0) == (towards == kpi.CLEAR_UP)]
    return max(ends, key=lambda row: (abs(row["contribution"]), row["node"]), default=None)


def top_mover(data: ReportData, against: str) -> dict | None:
    """The ranked value that moved most, in the direction of the total, beyond what its share of the sales explains."""
    rows = [row for row in data.rows("revenue_movers") if row["against"] == against]
    best, most = None, 0.0
    for row in rows:
        whole = [one for one in rows if one["dimension"] == row["dimension"]]
        total, before = (float(sum(one[name] for one in whole)) for name in ("contribution", "before"))
        share = float(row["before"]) / before if before > 0 else 0.0
        beyond = (float(row["contribution"]) - share * total) * (1 if total >= 0 else -1)
        same_way = float(row["contribution"]) * total > 0
        if row["rank"] is not None and same_way and beyond > most:
            best, most = row, beyond
    return best


def _driver(row: dict, language: str) -> str:
    way = "up" if row["contribution"] > 0 else "down"
    *path, name = row["node"].split(".")
    if len(path) < 2:
        return i18n.word(f"tree.{way}.{name}", language)
    return i18n.sentence(f"tree.{way}.{name}", language, group=i18n.word(f"tree.group.{path[-1]}", language))


def value_name(row: dict, language: str) -> str:
    """What people call a value of a dimension: a store's name, a segment's, a channel's; special values in words."""
    value = row["value"]
    if row["label"]:
        return row["label"]
    if row["dimension"] == "segment" and value in segments.codes():
        return segments.name(value, language)
    return i18n.word_or(f"tree.value.{value}", language, i18n.word_or(f"value.{value}", language, value))


def season(data: ReportData, language: str) -> str:
    """Revenue against the same month last year with weekdays and public holidays made equal, and what differs; or why not."""
    rows = {pd.Timestamp(row["month"]).date(): row for row in data.rows("kpi_season") if row["measure"] == "revenue"}
    row = rows.get(data.month)
    before = rows.get(data.month.replace(year=data.month.year - 1))
    if row is None or before is None or row["adjusted_change_low"] is None:
        return i18n.word("tree.season.none", language)
    said = verdict(row["adjusted_change_low"], row["adjusted_change_high"])
    change, raw = (i18n.number(row[name], "rate", language, signed=True) for name in ("adjusted_change", "change"))
    first = i18n.sentence(f"tree.season.{said}", language, change=change, raw=raw)
    days = i18n.sentence("tree.season.days", language, **_days(row, ""), **_days(before, "_before"))
    return i18n.run_on([first, days], language)


def _days(row: dict, suffix: str) -> dict[str, str]:
    counts = {"weekdays": row["weekdays"], "weekends": row["saturdays"] + row["sundays"], "holidays": row["holidays"]}
    return {name + suffix: str(count) for name, count in counts.items()}


def mover_rows(data: ReportData, against: str, language: str) -> list[dict]:
    """Per dimension the three largest rises and falls, as texts; a dimension of one value says nothing and is left out."""
    rows = [row for row in data.rows("revenue_movers") if row["against"] == against]
    found = []
    for dimension in dict.fromkeys(row["dimension"] for row in rows):
        ranked = sorted((row for row in rows if row["dimension"] == dimension and row["rank"]), key=lambda r: r["rank"])
        up = [row for row in ranked if row["contribution"] > 0][:EACH_WAY]
        down = [row for row in ranked if row["contribution"] < 0][-EACH_WAY:]
        found += [_mover_row(data, row, language) for row in (*up, *down)] if len(ranked) > 1 else []
    return found


def _mover_row(data: ReportData, row: dict, language: str) -> dict:
    return {
        "dimension": i18n.word(f"tree.dimension.{row['dimension']}", language),
        "value": value_name(row, language),
        "contribution": data.money(row["contribution"], language, exact=True, signed=True),
        "interval": i18n.interval(row["low"], row["high"], "money", language, currency=data.currency),
        "before": data.money(row["before"], language, exact=True),
        "now": data.money(row["now"], language, exact=True),
        "customers": f"{row['customers_now']:,}" if row["customers_now"] else i18n.MISSING,
    }


def mover_frame(data: ReportData, against: str, language: str) -> pd.DataFrame:
    """The same rows as a table for a notebook."""
    names = ("dimension", "value", "contribution", "interval", "before", "now", "customers")
    heads = {name: i18n.word(f"tree.column.{name}", language) for name in names}
    return pd.DataFrame(mover_rows(data, against, language), columns=list(heads)).rename(columns=heads)


def tree_figure(data: ReportData, against: str, language: str, draw: ModuleType, *, title: bool = True, width=None):
    """The picture of one comparison; None where there is nothing to compare with. draw: customerbase.charts."""
    rows = shown(data, against)
    if not rows:
        return None
    frame = pd.DataFrame(rows)
    frame["name"] = [i18n.word(f"tree.node.{row['node'].rsplit('.', 1)[-1]}", language) for row in rows]
    return draw.tree(
        frame,
        "name",
        "contribution",
        "depth",
        "low",
        "high",
        title=finding(data, against, language) if title else "",
        caption=caption(data, rows, language, draw) if title else "",
        language=language,
        fmt=lambda value: data.money(Decimal(str(round(value, 2))), language, signed=True),
        width=width or draw.WIDTHS["half"],
    )


def finding(data: ReportData, against: str, language: str) -> str:
    """The title of the picture."""
    rows = shown(data, against)
    root, driver = rows[0], main_driver(rows)
    said = {"than": i18n.word(f"headline.{against}", language)}
    said["total"] = data.money(root["contribution"], language, signed=True)
    key = direction(root) if driver else kpi.NO_CLEAR_CHANGE
    if key != kpi.NO_CLEAR_CHANGE:
        said["driver"] = _driver(driver, language)
    return i18n.sentence(f"tree.title.{key}", language, **said)


def caption(data: ReportData, rows: list[dict], language: str, draw: ModuleType) -> str:
    """Definition, n (orders of both months), interval, date and function."""
    n = int(rows[0]["n_before"] + rows[0]["n_now"])
    return draw.caption(kpi.revenue_tree, TREE, data.as_of, n, language, 0.95)


def season_figure(data: ReportData, measure: str, language: str, draw: ModuleType):
    """Months with weekdays and holidays made equal, last year's as a thin grey line; None before there are any."""
    frame = pd.DataFrame([row for row in data.rows("kpi_season") if row["measure"] == measure])
    if not len(frame) or frame["adjusted"].isna().all():
        return None
    frame["month"] = pd.to_datetime(frame["month"]).dt.date
    frame["last_year"] = frame["adjusted"].shift(12)
    frame = frame.dropna(subset=["adjusted"]).tail(13)
    title = i18n.sentence("tree.season.title", language, measure=kpi.name(measure, language))
    unit = "money" if measure == "revenue" else "orders"
    return draw.line(
        frame.astype({"adjusted": float, "adjusted_low": float, "adjusted_high": float, "last_year": float}),
        "month",
        "adjusted",
        low="adjusted_low",
        high="adjusted_high",
        last_year="last_year",
        title=title,
        caption=draw.caption(kpi.kpi_season, "kpi_season", data.as_of, None, language, 0.95),
        language=language,
        fmt=lambda value: i18n.number(value, unit, language, currency=data.currency),
    )


def moving(data: ReportData, language: str) -> str:
    """The 12-month moving total of revenue with its interval; "" before there are twelve months."""
    rows = [row for row in data.rows("kpi_season") if row["measure"] == "revenue" and row["moving_low"] is not None]
    rows = [row for row in rows if pd.Timestamp(row["month"]).date() == data.month]
    if not rows:
        return ""
    ends = " – ".join(data.money(rows[0][name], language) for name in ("moving_low", "moving_high"))
    return i18n.sentence(
        "tree.season.moving", language, value=data.money(rows[0]["moving_total_12"], language), interval=ends
    )


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """The tree against last month for the report; None where there is nothing to compare with."""
    rows = shown(data, "last_month")
    if not rows:
        return None
    wide, phone = (
        draw.svg(tree_figure(data, "last_month", language, draw, title=False, width=draw.WIDTHS[size]))
        for size in ("half", "phone")
    )
    measure = i18n.word("tree.measure", language)
    return Picture(finding(data, "last_month", language), measure, caption(data, rows, language, draw), wide, phone)
