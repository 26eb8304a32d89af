"""Page 10 in pictures: who can be reached by which channel, and where those who fit are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

import customerbase.audiences.looks as looks
import customerbase.audiences.said as said
from customerbase import i18n
from customerbase.audiences import Made, contactable, make
from customerbase.charts.axes import canvas, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, BAR_GREY, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS

COLORS = {
    **{"granted": ACCENT, "withdrawn": AGAINST, "unknown": RULE},
    **{"target": ACCENT, "kept_back": "#7FA8DB", "limited": BAR_GREY, "opted_out": AGAINST, "no_consent": RULE},
    **{"excluded": "#A7ADB5", "withheld": "#F1F2F4"},
}
_DARK = {"granted", "withdrawn", "target", "limited", "opted_out"}


def shares(
    rows: Sequence[tuple[str, Mapping[str, int]]],
    names: Mapping[str, str],
    *,
    title: str,
    caption: str,
    language: str,
    width: float = WIDTHS["half"],
) -> Figure:
    """A bar a row, cut into its parts as shares of the row; parts that are wide enough carry their share, the key stands above.

    rows: name and part -> people. names: part -> what it is called, in the order of drawing.
    """
    used = [part for part in names if any(counts.get(part) for _, counts in rows)]
    labels = [short(name, width) for name, _ in rows]
    columns = _columns([names[part] for part in used], labels, width)
    lines = -(-len(used) // columns)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.36 * max(len(rows), 1) + 0.22 * lines + 0.15, title, caption)
        for place, (_, counts) in enumerate(rows):
            total, start = max(sum(counts.values()), 1), 0.0
            for part in used:
                share = counts.get(part, 0) / total
                axes.barh(place, share, left=start, height=0.66, color=COLORS[part], edgecolor="white", linewidth=0.8)
                if share >= (0.07 if width > 4 else 0.17):
                    text = i18n.number(round(share, 2), "rate", language).replace(".0", "")
                    color = "white" if part in _DARK else INK
                    style = {"ha": "center", "va": "center", "color": color, "fontsize": TEXT_SIZE - 1}
                    axes.text(start + share / 2, place, text, **style)
                start += share
        axes.set_yticks(np.arange(len(rows)), labels, color=INK)
        axes.set_xlim(0, 1)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        handles = [Patch(facecolor=COLORS[part], edgecolor=BAR_GREY, linewidth=0.6, label=names[part]) for part in used]
        style = {"loc": "lower left", "bbox_to_anchor": (0, 1), "frameon": False, "handlelength": 1.0}
        axes.legend(handles=handles, ncols=columns, borderaxespad=0.2, columnspacing=1.2, **style)
    return figure


def _columns(names: Sequence[str], labels: Sequence[str], width: float) -> int:
    """How many names of parts stand beside each other above the bars, whose labels take their own room."""
    taken = max(map(i18n.half_widths, labels), default=0)
    room = width * 14.5 - taken
    return max(int(room // (max(map(i18n.half_widths, names), default=1) + 5)), 1)


@dataclass(frozen=True)
class Pictures:
    """Audiences of one month in pictures and small tables, for one reader."""

    made: Made
    language: str
    k_min: int = 10
    currency: str = "JPY"

    def lines(self) -> list[str]:
        """The sentences of the report."""
        told = said.lines(self.tables, self.language, self.k_min)
        return [f"{label}: {text}" for label, text in told]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The small tables by name."""
        return dict(
            zip(said.TABLES, (self.made.reach, self.made.sizes, self.made.drops, self.made.overlap), strict=True)
        )

    def reach(self) -> Figure | str:
        """Customers by state of consent, a bar a channel."""
        return reached(self.made.reach, self.language, self.k_min)

    def steps(self) -> Figure | str:
        """Where those who fit the rule of an audience end up, a bar an audience and channel."""
        return stepped(self.made.sizes, self.made.drops, self.language, self.k_min)

    def overlap(self) -> pd.DataFrame:
        """Who is in two audiences."""
        return looks.overlaps(self.made.overlap, self.made.sizes, self.language)

    def listing(self) -> pd.DataFrame:
        """The audiences: who, for what, how many, what is at stake."""
        return looks.listing(self.made.sizes, self.made.drops, self.language, self.k_min, self.currency)

    def drops(self) -> pd.DataFrame:
        """Who is left out where, in numbers; * is withheld."""
        return looks.steps(self.made.sizes, self.made.drops, self.language, self.k_min)


def reached(reach: pd.DataFrame, language: str, k_min: int, width: float = WIDTHS["wide"], bare: bool = False):
    """The picture of contact_reach, or why there is none."""
    rows = []
    for row in looks.reach_counts(reach, k_min):
        shown = {state: row[state] for state in looks.STATES if row[state] is not None}
        rest = row["customers"] - sum(shown.values())
        rows.append((looks.channel(row["channel"], language), shown | ({"withheld": rest} if rest else {})))
    if not rows:
        return i18n.word("audiences.no_consents", language)
    names = {state: i18n.word(f"audiences.state.{state}", language) for state in looks.STATES}
    names["withheld"] = i18n.word("audiences.part.withheld", language)
    text = caption_of("reach", reach, language)
    told = (
        {"title": said.reach_title(reach, language, k_min), "caption": text}
        if not bare
        else dict.fromkeys(("title", "caption"), "")
    )
    return shares(rows, names, **told, language=language, width=width)


def stepped(
    sizes: pd.DataFrame,
    drops: pd.DataFrame,
    language: str,
    k_min: int,
    width: float = WIDTHS["wide"],
    bare: bool = False,
):
    """The picture of audience_drops, or why there is none."""
    found = [(row, looks.parts(row["counts"])) for row in looks.step_counts(sizes, drops, k_min)] if len(sizes) else []
    rows = [(looks.label(row, language), parts) for row, parts in found if parts and sum(parts.values())]
    if not rows:
        return i18n.word(f"audiences.{'none_valid' if len(sizes) else 'none'}", language)
    names = {part: i18n.word(f"audiences.part.{part}", language) for part in (*looks.PARTS, looks.WITHHELD)}
    told = dict.fromkeys(("title", "caption"), "")
    if not bare:
        told = {
            "title": said.steps_title(sizes, drops, language, k_min),
            "caption": caption_of("steps", drops, language),
        }
    return shares(rows, names, **told, language=language, width=width)


def caption_of(what: str, table: pd.DataFrame, language: str) -> str:
    """The caption of one of the pictures or tables: reach, steps or overlap."""
    made = {
        "reach": (contactable, "contact_reach"),
        "steps": (make, "audience_drops"),
        "overlap": (make, "audience_overlap"),
    }
    function, name = made[what]
    if what == "reach":
        n = int(table["customers"].max())
    else:
        n = (
            int(table.loc[table["place"] == 1, ["customers", "customers_left"]].sum(axis=1).max())
            if what == "steps"
            else None
        )
    words = i18n.word(f"audiences.definition.{what}", language)
    return caption(function, name, pd.Timestamp(table["as_of"].iloc[0]).date(), n, language, definition=words)
