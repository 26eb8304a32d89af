"""Dashboard pages: they read the published month and never write; what a browser sends is checked, not believed."""

import base64
import html
from datetime import date

import ipywidgets as widgets
import pandas as pd

from customerbase import charts, i18n, kpi
from customerbase.disclosure import shown_parts
from customerbase.errors import TableError
from customerbase.periods import month_end, month_label, parse_month
from customerbase.segments import put_in_force, read_named, summary
from customerbase.tables import store


class Overview:
    """The month in numbers: every KPI with its interval, the revenue trend and the named segments.

    pipeline: whose published months are offered; month: the one shown first (the newest when None).
    Raises TableError when nothing is published.
    """

    def __init__(self, pipeline: str, month: str | None = None, language: str = "ja"):
        self.pipeline = pipeline
        self.months = store.published_months(pipeline)
        if not self.months:
            raise TableError(f"nothing is published for pipeline {pipeline!r}. Run `make report PIPELINE={pipeline}`.")
        self.month = widgets.Dropdown(
            options=self.months[::-1], value=month or self.months[-1], description="Month · 月"
        )
        self.language = widgets.ToggleButtons(
            options=[("日本語", "ja"), ("English", "en")], value=i18n.check_language(language)
        )
        self.page = widgets.VBox().add_class("page")
        for control in (self.month, self.language):
            control.observe(lambda _: self.draw(), names="value")

    def show(self) -> widgets.VBox:
        """The whole page."""
        self.draw()
        return widgets.VBox([widgets.HBox([self.month, self.language]), self.page])

    def draw(self) -> None:
        """Fill the page for the chosen month and language; says so when the month cannot be read."""
        month, language = self.month.value, self.language.value
        if month not in self.months or language not in i18n.LANGUAGES:  # a browser may send anything
            return
        try:
            self.page.children = self.parts(month, language)
        except (OSError, TableError):  # published anew or taken back while this page stood open
            self.page.children = [widgets.HTML(f"<p class='notice'>{i18n.word('serving.failed', language)}</p>")]

    def parts(self, month: str, language: str) -> list[widgets.Widget]:
        """Heading, table and charts of one month. Raises TableError when it is no longer published."""
        paths = store.published_tables(self.pipeline, month)
        about = store.current(self.pipeline, month)
        put_in_force(read_named(about.get("segments")))  # as they were called in that month
        settings = about["settings"]
        k_min, currency = settings.get("k_min", 10), settings.get("currency", "JPY")
        numbers, segments = (pd.read_parquet(paths[table]) for table in ("kpi", "segment_summary"))
        table = widgets.HTML(kpi_table(numbers, parse_month(month), language, currency))
        trend = _picture(revenue_trend(numbers, month_end(month), language), kpi.name("revenue", language))
        bars = _picture(
            segment_bars(segments, month_end(month), language, k_min),
            i18n.word("dashboard.customers_by_segment", language),
        )
        heading = widgets.HTML(f"<h2>{html.escape(month_label(parse_month(month), language))}</h2>")
        return [heading, widgets.Box([table, widgets.VBox([trend, bars])]).add_class("pair")]


def _picture(figure: charts.Figure, title: str) -> widgets.HTML:
    # PNG and not SVG: a browser without the house font would draw the words in another
    data = base64.b64encode(charts.png(figure)).decode("ascii")
    return widgets.HTML(
        f"<img class='chart' alt='{html.escape(title, quote=True)}' src='data:image/png;base64,{data}'>"
    )


def kpi_table(numbers: pd.DataFrame, month: date, language: str, currency: str) -> str:
    """The KPIs of one month as an HTML table: name with its definition on hover, value, interval, n."""
    now = numbers[pd.to_datetime(numbers["month"]) == pd.Timestamp(month)].set_index("kpi")
    rows = [
        _kpi_row(one, now.loc[one.id], language, currency)
        for one in kpi.KPIS.values()
        if one.id in now.index and now["n"][one.id] > 0
    ]
    heads = [i18n.word(f"report.column.{key}", language) for key in ("figure", "value", "interval", "n")]
    head = "".join(f"<th scope='col'>{html.escape(one)}</th>" for one in heads)
    title = f"<caption class='unseen'>{html.escape(month_label(month, language))}</caption>"
    return f"<table class='figures'>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _kpi_row(one: kpi.Kpi, row: pd.Series, language: str, currency: str) -> str:
    unit = kpi.unit(one.id)
    definition = one.definition_ja if language == "ja" else one.definition_en
    cells = (
        i18n.number(row["value"], unit, language, currency=currency),
        i18n.interval(row["low"], row["high"], unit, language, currency=currency),
        f"{int(row['n']):,}",
    )
    numbers = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    name = html.escape(kpi.name(one.id, language))
    return f"<tr><th scope='row' title='{html.escape(definition, quote=True)}'>{name}</th>{numbers}</tr>"


def revenue_trend(numbers: pd.DataFrame, as_of: date, language: str) -> charts.Figure:
    """Net revenue by month, up to the month shown."""
    revenue = numbers[numbers["kpi"] == "revenue"].sort_values("month")
    note = charts.caption(kpi.revenue, "kpi", as_of, int(revenue["n"].iloc[-1]), language)
    return charts.line(revenue, "month", "value", title=kpi.name("revenue", language), caption=note, language=language)


def segment_bars(segments: pd.DataFrame, as_of: date, language: str, k_min: int = 10) -> charts.Figure:
    """Customers by named segment; small groups, and those that would give them away, are not drawn."""
    shown = shown_parts(segments, k_min)
    note = charts.caption(summary, "segment_summary", as_of, int(shown["customers"].sum()), language)
    title = i18n.word("dashboard.customers_by_segment", language)
    return charts.bars(shown, "customers", "segment", title=title, caption=note, language=language, fmt="{:,.0f}")
