"""The profit of a campaign against leaving, at costs that the reader sets: sliders, curve, sentences and table."""

import html
import math
from functools import partial

import ipywidgets as widgets

from customerbase import i18n
from customerbase.dashboards import campaign, live, show
from customerbase.dashboards.part import Column, Part, Table
from customerbase.widgets.page import SAVED, Page

NAMES = ("contact_cost", "offer_cost", "acceptance", "budget")
SHARES = 5  # rows of the table, besides the best and where the budget ends
SIZES = {"wide": (640, 340), "phone": (360, 300)}


class Campaign:
    """Sliders over the numbers of a part (dashboards/value_campaign.py); a change redraws curve, sentences and table alone.

    page: whose language, month and saver are used. What a browser sends is held to the range of its slider; anything
    that is no number changes nothing.
    """

    def __init__(self, page: Page, part: Part):
        self.page, self.part, self.known = page, part, part.numbers()
        self.language, self.month = page.language, page.month
        self.cells = campaign.cells(self.known["cells"])
        self.values = dict(self.known["start"])
        self.sliders = {name: self._slider(name) for name in NAMES}
        self.told, self.drawn, self.listed = page.html(""), page.html(""), page.html("")
        self.draw()

    def show(self) -> widgets.VBox:
        """The whole block."""
        note = i18n.sentence("board_value.campaign_note", self.language, k=self.known["k_min"])
        head = f'<h2>{html.escape(self._word("campaign"))}</h2><p class="measure">{html.escape(note)}</p>'
        again = self.page.button("board_value.reset", self.reset)
        back = widgets.HBox([again]).add_class("save")
        controls = widgets.VBox([*self.sliders.values(), back]).add_class("sliders")
        pair = widgets.HBox([widgets.VBox([controls, self.told]), self.drawn]).add_class("pair")
        buttons = [self.page.button(f"dashboard.{kind}", partial(self._save, kind)) for kind in SAVED]
        saves = widgets.HBox(buttons).add_class("save")
        return widgets.VBox([self.page.html(head), pair, self.listed, saves]).add_class("campaign")

    def draw(self) -> None:
        """Answer for the values as they stand."""
        costs = campaign.settings(self.known["start"], self.values)
        found = campaign.answer(self.cells, costs, self.known["z"])
        self.table = self._table(found)
        fill = self.page.filled
        self.told.value = fill(f'<div role="status">{self._sentences(found, costs)}</div>')
        self.drawn.value = fill(self._figure(found) + self.page.hop(self.part.notebook))
        self.listed.value = fill(show.table_html(self.table, self.language))

    def reset(self) -> None:
        """All sliders back to what page 06 assumed."""
        for name, slider in self.sliders.items():
            slider.value = self.known["start"][name]

    def _slider(self, name: str) -> widgets.FloatSlider:
        top, step = (self.known["sliders"][name][key] for key in ("max", "step"))
        unit = {} if name == "acceptance" else {"currency": self._currency()}
        told = i18n.sentence(f"board_value.slider_{name}", self.language, **unit)
        form = ".0%" if name == "acceptance" else ",.0f" if step >= 1 else ",.2f"
        look = {"readout_format": form, "description": told, "tooltip": told, "continuous_update": False}
        made = widgets.FloatSlider(min=0.0, max=top, step=step, value=self.known["start"][name], **look)
        made.observe(partial(self._moved, name), names="value")
        return made

    def _moved(self, name: str, change: dict) -> None:
        new = change["new"]
        if isinstance(new, bool) or not isinstance(new, int | float) or not math.isfinite(new):
            return
        self.values[name] = min(max(float(new), 0.0), self.known["sliders"][name]["max"])
        self.draw()

    # --- words ------------------------------------------------------------------------------------------------------------

    def _word(self, key: str) -> str:
        return i18n.word(f"board_value.{key}", self.language)

    def _currency(self) -> str:
        code = self.known["currency"]
        return i18n.word_or(f"board_value.currency_{code}", self.language, code)

    def _money(self, value: float) -> str:
        return i18n.number(value, "money", self.language, currency=self.known["currency"])

    def _people(self, value: float) -> str:
        if 0 < value < self.known["k_min"]:
            return i18n.sentence("risk.few", self.language, k=self.known["k_min"])
        return i18n.number(round(value), "people", self.language)

    def _share(self, value: float, found: campaign.Answer) -> str:
        return i18n.number(value / found.customers, "rate", self.language)

    def _range(self, point: campaign.Point) -> str:
        return i18n.span(self._money(point.low), self._money(point.high), self.language)

    def title(self, found: campaign.Answer) -> str:
        """The finding: how many to contact, and what that is expected to bring."""
        if not found.best.contacted:
            return self._word("title_nobody")
        told = {"n": self._people(found.chosen.contacted), "profit": self._money(found.chosen.profit)}
        return i18n.sentence(
            f"board_value.title_{'best' if found.chosen is found.best else 'budget'}", self.language, **told
        )

    def _sentences(self, found: campaign.Answer, costs: campaign.Costs) -> str:
        """Whom to contact and what to expect, where a loss begins, and where the budget ends."""
        lines = {"contact": self._contact(found), "even": self._even(found), "ends": self._budget(found, costs)}
        told = "".join(
            f"<div><dt>{html.escape(self._word(key))}</dt><dd>{html.escape(text)}</dd></div>"
            for key, text in lines.items()
        )
        return f'<section><dl class="sentences">{told}</dl></section>'

    def _contact(self, found: campaign.Answer) -> str:
        if not found.best.contacted:
            return self._word("contact_nobody")
        point = found.chosen
        told = {"n": self._people(point.contacted), "share": self._share(point.contacted, found)}
        told |= {"profit": self._money(point.profit), "interval": self._range(point), "cost": self._money(point.cost)}
        said = [i18n.sentence("board_value.contact_said", self.language, **told)]
        said.append(self._word("loss_possible") if point.low < 0 else "")
        return i18n.run_on(said, self.language)

    def _even(self, found: campaign.Answer) -> str:
        if not found.best.contacted or found.even is None:
            return self._word("even_never")
        if found.even >= found.customers:
            return self._word("even_always")
        told = {"n": self._people(found.even), "share": self._share(found.even, found)}
        return i18n.sentence("board_value.even_said", self.language, **told)

    def _budget(self, found: campaign.Answer, costs: campaign.Costs) -> str:
        budget = self._money(costs.budget)
        if found.reached is None:
            return i18n.sentence("board_value.budget_all", self.language, budget=budget)
        told = {"budget": budget, "n": self._people(found.reached.contacted)}
        if found.chosen is found.best:
            return i18n.sentence("board_value.budget_enough", self.language, **told)
        missed = self._money(found.best.profit - found.chosen.profit)
        return i18n.sentence("board_value.budget_short", self.language, **told, missed=missed)

    # --- curve and table ----------------------------------------------------------------------------------------------------

    def _figure(self, found: campaign.Answer) -> str:
        title = self.title(found)
        whole = found.customers
        points = [(point.contacted / whole, point.profit, point.low, point.high) for point in found.points]
        best = i18n.sentence("board_value.mark_best", self.language, n=self._people(found.best.contacted), profit=self._money(found.best.profit))  # fmt: skip
        marks = [live.Mark(found.best.contacted / whole, best if found.best.contacted else self._word("title_nobody"), found.best.profit)]  # fmt: skip
        if found.reached is not None:
            ends = i18n.sentence("board_value.mark_budget", self.language, n=self._people(found.reached.contacted))
            marks.append(live.Mark(found.reached.contacted / whole, ends))
        words = live.Words(
            self._word("axis_share"), self._word("axis_profit"), title,
            lambda share: i18n.number(share, "rate", self.language).replace(".0", ""), self._money,
        )  # fmt: skip
        drawn = {size: live.curve(points, marks, words, *sides) for size, sides in SIZES.items()}
        inside = "".join(f'<div class="{size}">{svg}</div>' for size, svg in drawn.items())
        measure, caption = (html.escape(text) for text in (self._word("curve_measure"), self.known["caption"]))
        return (
            f'<figure class="profit"><h3>{html.escape(title)}</h3><p class="measure">{measure}</p>'
            f'<div class="drawing both">{inside}</div><figcaption>{caption}</figcaption></figure>'
        )

    def _table(self, found: campaign.Answer) -> Table:
        """The curve at the cells next to each fifth of the customers, the best of it, and where the budget ends."""
        columns = (
            Column("where", self._word("where")),
            Column("contacted", self._word("contacted"), "count"),
            Column("cost", self._word("cost"), "money", self._word("cost_definition")),
            Column("profit", self._word("profit"), "money"),
            Column("interval", self._word("interval_95"), "figure"),
        )
        even = [found.customers * place / SHARES for place in range(1, SHARES + 1)]
        near = dict.fromkeys(min(found.points[1:], key=lambda point: abs(point.contacted - at)) for at in even)
        named = [("first", point) for point in near if point not in (found.best, found.reached)]
        if found.best.contacted:
            named.append(("best", found.best))
        if found.reached is not None:
            named.append(("budget", found.reached))
        rows = tuple(self._row(name, point, found) for name, point in sorted(named, key=lambda one: one[1].contacted))
        return Table(self._word("curve_table"), columns, rows, self.known["caption"], currency=self.known["currency"])

    def _row(self, name: str, point: campaign.Point, found: campaign.Answer) -> tuple:
        told = i18n.sentence(f"board_value.row_{name}", self.language, share=self._share(point.contacted, found))
        few = 0 < point.contacted < self.known["k_min"]
        ends = i18n.interval(point.low, point.high, "money", self.language, currency=self.known["currency"])
        n = f"<{self.known['k_min']}" if few else round(point.contacted)
        return told, n, point.cost, point.profit, ends

    def _save(self, kind: str) -> None:
        self.page.save(self.table, "value-campaign", kind, self.month, self.language)
