"""Page 10c in pictures: the plan beside other ways, gain by budget, and what other loyalty schemes would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import matplotlib as mpl
import pandas as pd

import customerbase.audiences.budget.said as said
import customerbase.audiences.loyalty.said as ranks
from customerbase import i18n, segments
from customerbase.audiences.budget import Plan, plan
from customerbase.audiences.budget.ways import WAYS
from customerbase.audiences.loyalty import Simulation, simulate
from customerbase.charts.axes import canvas, formatter, scale
from customerbase.charts.captions import caption
from customerbase.charts.draw import dots
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS

WIDE = 7.0


def budget_curve(
    curve: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    currency: str = "JPY",
    width: float = WIDTHS["half"],
) -> Figure:
    """Budget (across) and the most that can be gained with it (up); the budget in force is marked and labelled.

    curve: the table budget_curve.
    """
    rows = pd.concat([pd.DataFrame({"share": [0.0], "budget": [0.0], "gain": [0.0]}), curve]).sort_values("share")
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(1.9, min(width * 0.4, 2.6)), title, caption)
        axes.plot(rows["budget"], rows["gain"], color=ACCENT, linewidth=2.2, marker="o", markersize=3.5)
        now = rows[rows["share"] == 1.0].iloc[0]
        axes.axvline(now["budget"], color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        axes.set_xlim(0, float(rows["budget"].max()) * 1.03)
        axes.set_ylim(0, float(rows["gain"].max()) * 1.15)
        money = formatter(lambda one: i18n.number(one, "money", language, currency=currency), language)
        scale(axes.xaxis, money, 6 if width > 4 else 3)
        scale(axes.yaxis, money, 4)
        axes.annotate(
            f"{i18n.word('budget.kind.money', language)} {money(now['budget'])}", (now["budget"], 0), (4, 5),
            textcoords="offset points", color=GREY, fontsize=TEXT_SIZE - 1,
        )  # fmt: skip
        axes.annotate(
            money(now["gain"]), (now["budget"], now["gain"]), (6, -11), textcoords="offset points", color=ACCENT,
            weight="bold",
        )  # fmt: skip
    return figure


def way_dots(ways: pd.DataFrame, *, title: str, caption: str, language: str, currency: str, width: float) -> Figure:
    """Expected gain of the plan and of other ways, over the intervals of the effects."""
    rows = ways.set_index("way").loc[list(WAYS)].reset_index()
    rows = rows.assign(name=[i18n.word(f"budget.way.{one}", language) for one in rows["way"]])
    form = partial(i18n.number, unit="money", language=language, currency=currency)
    look = {"title": title, "caption": caption, "language": language, "width": width}
    accent = i18n.word("budget.way.best", language)
    return dots(
        rows, "name", "gain", "gain_low", "gain_high", fmt=form, accent=accent, reference=0.0, sort=False, **look
    )


def scheme_dots(
    schemes: pd.DataFrame, *, title: str, caption: str, language: str, currency: str, width: float
) -> Figure:
    """Change of a year's result by scheme, over the assumption on behaviour."""
    form = partial(i18n.number, unit="money", language=language, currency=currency)
    look = {"title": title, "caption": caption, "language": language, "width": width}
    return dots(ranks.scheme_rows(schemes, language), "name", "value", "low", "high", fmt=form, reference=0.0, **look)


@dataclass(frozen=True)
class Pictures:
    """The offers and ranks of one month in pictures, sentences and tables, for one reader."""

    plan: Plan
    ranks: Simulation
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def lines(self) -> list[str]:
        """The plan, then the ranks, as sentences with their labels."""
        look = (self.language, self._money, self.k_min)
        told = said.lines(self._tables(self.plan.tables(), said.TABLES), *look)
        described = self.ranks.programme is not None
        told += ranks.lines(self._tables(self.ranks.tables(), ranks.TABLES), *look, described=described)
        if self.ranks.unknown:
            labels = ", ".join(self.ranks.unknown)
            told.append(
                (
                    i18n.word("budget.line.ranks", self.language),
                    i18n.sentence("budget.labels", self.language, labels=labels),
                )
            )
        return [f"{label}: {text}" for label, text in told]

    def ways(self, width: float = WIDE) -> Figure | str:
        """The plan beside other ways."""
        if not len(self.plan.plan):
            return ""
        title = said.ways_title(self.plan.ways, self.language, self._money)
        note = self._caption(plan, "budget_ways", self.plan.considered, "budget.definition")
        return way_dots(
            self.plan.ways, title=title, caption=note, language=self.language, currency=self.currency, width=width
        )

    def curve(self, width: float = WIDE) -> Figure | str:
        """Gain by budget."""
        if not len(self.plan.curve) or not len(self.plan.plan):
            return ""
        title = said.curve_title(self.plan.curve, self.language, self._money)
        note = self._caption(plan, "budget_curve", self.plan.considered, "budget.definition")
        look = {"language": self.language, "currency": self.currency, "width": width}
        return budget_curve(self.plan.curve, title=title, caption=note, **look)

    def offers(self) -> pd.DataFrame:
        """The offers as numbers."""
        return said.offer_table(self.plan.offers, self.language, self._money, self.k_min)

    def limits(self) -> pd.DataFrame:
        """Money and capacities as numbers."""
        return said.limit_table(self.plan.limits, self.language, self._money)

    def schemes(self, width: float = WIDE) -> Figure | str:
        """What the other schemes would change."""
        if len(self.ranks.schemes) < 2:
            return ""
        title = ranks.title(self.ranks.schemes, self.language)
        members = int(self.ranks.schemes["members"].iloc[0])
        note = self._caption(simulate, "loyalty_schemes", members, "budget.definition_ranks")
        look = {"language": self.language, "currency": self.currency, "width": width}
        return scheme_dots(self.ranks.schemes, title=title, caption=note, **look)

    def scheme_table(self) -> pd.DataFrame:
        """All schemes as numbers."""
        return ranks.scheme_table(self.ranks.schemes, self.language, self._money, self.k_min)

    def moves(self) -> Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """Of every scheme that moves members: between which ranks, and in which segments."""
        made, programme = {}, self.ranks.programme
        for one in programme.schemes if programme and len(self.ranks.schemes) else ():
            row = self.ranks.schemes.set_index("scheme").loc[one.code]
            if not row["up"] + row["down"]:
                continue
            names = {rank.code: rank.title[self.language] for rank in programme.present.ranks}
            matrix = ranks.migration(self.ranks.migration, one.code, names, self.k_min)
            called = partial(segments.name, language=self.language)
            made[one.title[self.language]] = (
                matrix, ranks.moves(self.ranks.moves, one.code, called, self.language, self.k_min),
            )  # fmt: skip
        return made

    def _tables(self, tables: Mapping, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
        return {name: pd.DataFrame() if tables[name] is None else tables[name] for name in names}

    def _money(self, amount: float) -> str:
        return i18n.number(amount, "money", self.language, currency=self.currency)

    def _caption(self, function, table: str, n: int, words: str) -> str:
        as_of = self.plan.as_of
        return caption(function, table, as_of, n, self.language, None, definition=i18n.word(words, self.language))
