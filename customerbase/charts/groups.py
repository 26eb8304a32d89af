"""Page 07c in pictures: what sets each group of customers apart, and how many groups there are to be told apart."""

from dataclasses import dataclass
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import customerbase.segments.clusters.choice as choosing
import customerbase.segments.clusters.composition as composition
import customerbase.segments.clusters.effects as effects
import customerbase.segments.clusters.looks as looks
import customerbase.segments.clusters.names as names
from customerbase import i18n
from customerbase.charts.axes import canvas, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS, wrap
from customerbase.segments.clusters import Result
from customerbase.segments.clusters.models import KMEANS

WIDE = 9.0
EVENT = 0.95


def group_cards(
    panels: list[tuple[str, pd.DataFrame]],
    features: dict[str, str],
    *,
    title: str,
    caption: str,
    language: str,
    label: str = "said",
    columns: int = 3,
    width: float = WIDTHS["wide"],
) -> Figure:
    """One small panel a group: effects as dots with intervals, −1 to 1, from a line at 0; what is clear has its value beside it.

    panels: name of the group and its rows (feature, effect, low, high, size, and `label`: the text beside the dot).
    features: code -> name, in the order from top to bottom, the same in every panel.
    """
    columns = max(1, min(columns, len(panels)))
    lines = -(-len(panels) // columns)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, lines * (0.245 * len(features) + 0.62) + 0.1, title, caption)
        axes.remove()
        grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
        for place, axes in enumerate(grid.ravel()):
            if place >= len(panels):
                axes.set_visible(False)
                continue
            name, rows = panels[place]
            _panel(axes, rows, features, label, place % columns == 0, width)
            head = wrap(name, width / columns * 72 / TEXT_SIZE * 0.74)
            axes.set_title("\n".join(head), loc="left", fontsize=TEXT_SIZE + 0.5, weight="bold", pad=4)
            lowest = place + columns >= len(panels)
            axes.tick_params(labelbottom=lowest)
            axes.set_xlabel(i18n.word("groups.chart.effect", language) if lowest else "", fontsize=TEXT_SIZE - 1)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, features: dict[str, str], label: str, first: bool, width: float) -> None:
    places = {code: place for place, code in enumerate(features)}
    axes.axvline(0, color=GREY, linewidth=0.8)
    for _, row in rows.iterrows():
        if row["feature"] not in places or np.isnan(row["effect"]):
            continue
        place, clear = places[row["feature"]], row["size"] != "none"
        color = RULE if not clear else ACCENT if row["effect"] > 0 else AGAINST
        axes.hlines(place, row["low"], row["high"], color=color, linewidth=2.2, alpha=0.55 if clear else 1)
        axes.scatter([row["effect"]], [place], s=26, color=color if clear else GREY, zorder=3)
        if clear and abs(row["effect"]) >= effects.MEDIUM:  # direct labels where there is something to say
            side = -1 if row["effect"] > 0 else 1
            axes.annotate(
                row[label], (row["low"] if side < 0 else row["high"], place), (5 * side, 0), va="center",
                textcoords="offset points", ha="right" if side < 0 else "left", fontsize=TEXT_SIZE - 1.5, color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85},
            )  # fmt: skip
    axes.set_xlim(-1.08, 1.08)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "", "0", "", "+1"])
    axes.set_ylim(len(places) - 0.45, -0.55)
    axes.set_yticks(range(len(places)), [short(name, width * 0.9) for name in features.values()], color=INK)
    axes.tick_params(axis="y", labelleft=first, length=0, labelsize=TEXT_SIZE - 0.5)
    axes.grid(True, axis="y")


def group_numbers(
    choice: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["wide"]
) -> Figure:
    """For every number of groups: separation beside that of customers without groups, and stability with its interval.

    choice: as in expectations/group_choice.yaml. The chosen number is marked in both panels.
    """
    row = looks.chosen(choice)
    algorithm = KMEANS if row is None else row["algorithm"]
    data = choice[choice["algorithm"] == algorithm].sort_values("k")
    narrow = width < 5
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 4.6 if narrow else 2.6, title, caption)
        axes.remove()
        panels = figure.subplots(2, 1) if narrow else figure.subplots(1, 2)
        _separation(panels[0], data, language)
        _stability(panels[1], data, language)
        for axes in panels:
            axes.set_xticks(data["k"])
            axes.set_xlim(data["k"].min() - 0.3, data["k"].max() + 0.3)
            axes.grid(True, axis="y")
            if row is not None:
                axes.axvline(row["k"], color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
            axes.set_xlabel(i18n.word("groups.chart.groups", language))
        if row is not None:
            _mark(panels[0], row, language)
    return figure


def _mark(axes: Axes, row: pd.Series, language: str) -> None:
    axes.annotate(
        i18n.sentence("groups.chart.chosen", language, k=int(row["k"])), (row["k"], 1), (4, -2),
        xycoords=("data", "axes fraction"), textcoords="offset points", va="top", fontsize=TEXT_SIZE - 1, color=INK,
    )  # fmt: skip


def _separation(axes: Axes, data: pd.DataFrame, language: str) -> None:
    k, mean = data["k"], data["continuum_silhouette"]
    half = choosing.DEVIATIONS * data["continuum_deviation"]
    axes.fill_between(k, mean - half, mean + half, color=GREY, alpha=0.2, lw=0)
    axes.plot(k, mean, color=GREY, linewidth=1.2)
    axes.plot(k, data["silhouette"], "o-", color=ACCENT, linewidth=2.0, markersize=4)
    top = max(float((mean + half).max()), float(data["silhouette"].max()))
    low = min(float((mean - half).min()), float(data["silhouette"].min()), 0)
    axes.set_ylim(low, top * 1.22)
    axes.set_title(i18n.word("groups.chart.separation", language), loc="left", fontsize=TEXT_SIZE, color=GREY)
    high = data["silhouette"].iloc[-1] >= mean.iloc[-1]
    for line, color, word, weight in ((data["silhouette"], ACCENT, "with", "bold"), (mean, GREY, "without", "normal")):
        up = high == (word == "with")
        value = line.iloc[-3:].max() if up else line.iloc[-3:].min()  # clear of the last points of its line
        axes.annotate(
            i18n.word(f"groups.chart.{word}", language), (k.iloc[-1], value), (0, 7 if up else -8),
            textcoords="offset points", ha="right", va="bottom" if up else "top", color=color, weight=weight,
        )  # fmt: skip


def _stability(axes: Axes, data: pd.DataFrame, language: str) -> None:
    known = data.dropna(subset=["ari_mean"])
    axes.axhline(choosing.STABLE, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.vlines(known["k"], known["ari_low"], known["ari_high"], color=ACCENT, linewidth=2.2, alpha=0.4)
    axes.plot(known["k"], known["ari_mean"], "o-", color=ACCENT, linewidth=2.0, markersize=4)
    axes.set_ylim(min(0, float(known["ari_low"].min()) if len(known) else 0), 1.05)
    axes.set_title(i18n.word("groups.chart.stability", language), loc="left", fontsize=TEXT_SIZE, color=GREY)
    axes.annotate(
        i18n.word("groups.chart.bound", language), (1, choosing.STABLE), (-2, 2), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right", va="bottom", color=GREY, fontsize=TEXT_SIZE - 1,
    )  # fmt: skip


def panels_of(
    summary: pd.DataFrame, cards: pd.DataFrame, k_min: int, language: str, currency: str
) -> tuple[list[tuple[str, pd.DataFrame]], dict[str, str]]:
    """What group_cards draws: every group that may be shown with its effects, and the features by name."""
    codes = list(dict.fromkeys(cards["feature"]))
    features = {code: names.title(code, language) for code in codes}
    told = cards.assign(said=[looks.amount(r.feature, r.value, language, currency) for r in cards.itertuples()])
    rows = looks.shown(summary, k_min, language)
    return [(row["name"], told[told["group_id"] == row["group_id"]]) for _, row in rows.iterrows()], features


@dataclass(frozen=True)
class Pictures:
    """Groups of one month in pictures and tables, for one reader: language, currency, and groups too small to show."""

    result: Result
    as_of: date
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def structure(self) -> list[str]:
        """Whether there are groups, how that was judged, why so many, and whom they cover."""
        told = {"n": f"{len(self.result.groups):,}", "outside": f"{self.result.outside:,}"}
        covered = [i18n.sentence("groups.covered", self.language, **told)] if len(self.result.groups) else []
        return [*looks.structure(self.result.choice, self.language), *covered, *self.result.remarks(self.language)]

    def numbers(self) -> Figure | str:
        """Separation and stability by number of groups."""
        if looks.chosen(self.result.choice) is None:
            return i18n.word("groups.none", self.language)
        title = looks.choice_title(self.result.choice, self.language)
        words = i18n.word("groups.definition_choice", self.language)
        said = self._caption(choosing.choose, "group_choice", None, words)
        return group_numbers(self.result.choice, title=title, caption=said, language=self.language, width=WIDE)

    def criteria(self) -> pd.DataFrame:
        """The same as a table, both algorithms."""
        return looks.criteria(self.result.choice, self.language)

    def cards(self) -> Figure | str:
        """What sets each group apart."""
        panels, features = panels_of(self.result.summary, self.result.cards, self.k_min, self.language, self.currency)
        if not panels:
            return i18n.word("groups.few" if len(self.result.groups) else "groups.none", self.language)
        title = looks.cards_title(self.result.summary, self.k_min, self.language)
        words = i18n.word("groups.definition_effect", self.language)
        said = self._caption(effects.cliff, "group_cards", EVENT, words)
        return group_cards(panels, features, title=title, caption=said, language=self.language, width=WIDE)

    def table(self) -> pd.DataFrame:
        """Size, revenue, lifetime value, chance to leave, stability."""
        return looks.table(self.result.summary, self.k_min, self.language, self.currency)

    def card_table(self) -> pd.DataFrame:
        """The cards in words."""
        return looks.card_table(self.result.summary, self.result.cards, self.k_min, self.language, self.currency)

    def rules(self) -> list[str]:
        """Each group in one rule."""
        return looks.rules(self.result.summary, self.result.fidelity, self.k_min, self.language, self.currency)

    def months(self) -> list[str]:
        """What became of last month's groups."""
        return looks.months(self.result.summary, self.k_min, self.language)

    def mix(self, dimension: str) -> pd.DataFrame:
        """Share of each group's customers by segment, main channel or age band."""
        share = composition.mixed(self.result.mix, self.result.summary, dimension, self.k_min, self.language)
        return share.map(lambda value: i18n.number(value, "rate", self.language))

    def mix_title(self, dimension: str) -> str:
        """Which group is most of one kind."""
        share = composition.mixed(self.result.mix, self.result.summary, dimension, self.k_min, self.language)
        return composition.mixed_title(share, dimension, self.language)

    def _caption(self, function, table: str, interval: float | None, words: str) -> str:
        return caption(function, table, self.as_of, len(self.result.groups), self.language, interval, definition=words)
