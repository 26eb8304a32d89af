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
        self.page = widgets.VBox()
        for control in (self.month, self.language):
            control.observe(lambda _: self.draw(), names="value")

    def show(self) -> widgets.VBox:
        """The whole page."""
        self.draw()
        return widgets.VBox([widgets.HBox([self.month, self.language]), self.page])

    def draw(self) -> None:
        """Fill the page for the chosen month and language."""
        month, language = self.month.value, self.language.value
        if month not in self.months:  # a browser may send anything
            return
        paths = store.published_tables(self.pipeline, month)
        about = store.current(self.pipeline, month)
        put_in_force(read_named(about.get("segments")))  # as they were called in that month
        settings = about["settings"]
        k_min, currency = settings.get("k_min", 10), settings.get("currency", "JPY")
        numbers, segments = (pd.read_parquet(paths[table]) for table in ("kpi", "segment_summary"))
        self.page.children = [
            widgets.HTML(kpi_table(numbers, parse_month(month), language, currency)),
            _picture(revenue_trend(numbers, month_end(month), language)),
            _picture(segment_bars(segments, month_end(month), language, k_min)),
        ]


def _picture(figure: charts.Figure) -> widgets.HTML:
    # PNG and not SVG: a browser without the house font would draw the words in another
    data = base64.b64encode(charts.png(figure)).decode("ascii")
    return widgets.HTML(f"<img style='width:760px;max-width:100%' src='data:image/png;base64,{data}'>")


def kpi_table(numbers: pd.DataFrame, month: date, language: str, currency: str) -> str:
    """The KPIs of one month as an HTML table: name with its definition on hover, value, interval, n."""
    now = numbers[pd.to_datetime(numbers["month"]) == pd.Timestamp(month)].set_index("kpi")
    rows = [
        _kpi_row(one, now.loc[one.id], language, currency)
        for one in kpi.KPIS.values()
        if one.id in now.index and now["n"][one.id] > 0
    ]
    heads = [i18n.word(f"report.column.{key}", language) for key in ("figure", "value", "interval", "n")]
    head = "".join(
        f"<th style='text-align:{'left' if i == 0 else 'right'}'>{html.escape(h)}</th>" for i, h in enumerate(heads)
    )
    title = html.escape(month_label(month, language))
    return f"<h2>{title}</h2><table style='border-spacing:1.2em .3em'><tr>{head}</tr>{''.join(rows)}</table>"


def _kpi_row(one: kpi.Kpi, row: pd.Series, language: str, currency: str) -> str:
    unit = kpi.unit(one.id)
    definition = one.definition_ja if language == "ja" else one.definition_en
    cells = (
        i18n.number(row["value"], unit, language, currency=currency),
        i18n.interval(row["low"], row["high"], unit, language, currency=currency),
        f"{int(row['n']):,}",
    )
    numbers = "".join(
        f"<td style='text-align:right;font-variant-numeric:tabular-nums'>{html.escape(c)}</td>" for c in cells
    )
    return f"<tr><td title='{html.escape(definition, quote=True)}'>{html.escape(kpi.name(one.id, language))}</td>{numbers}</tr>"


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
