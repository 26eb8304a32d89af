"""What page 08b and the report show of related products, in words and small tables; names of products are foreign text."""

import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.recommend.related.cross import LESS, MORE
from customerbase.recommend.related.following import THIS

MOST = 12  # rows shown
WIDE, TITLE = 44, 26  # half-widths of a product's name in a table or picture, and in a title
CATEGORIES = 10  # of a matrix, those with the most customers


def brief(name: object, wide: int = WIDE) -> str:
    """A product's name in one line of at most so many half-widths, without what cannot be printed."""
    text = " ".join("".join(one if one.isprintable() else " " for one in str(name)).split())
    if i18n.half_widths(text) <= wide:
        return text
    kept = ""
    for one in text:
        if i18n.half_widths(kept + one) > wide - 1:
            break
        kept += one
    return kept + "…"


def names(sold: pd.DataFrame) -> dict[str, str]:
    """Product -> what it is called, short enough to print."""
    return {code: brief(name) for code, name in zip(sold["product_id"], sold["name"], strict=True)}


def strongest(pairs: pd.DataFrame, level: str, k_min: int, most: int = MOST) -> pd.DataFrame:
    """The strongest pairs of a level that may be shown, each product at most three times.

    Columns one and other: the product whose buyers rather take the other, and the other; share: of them, who do.
    """
    rows = pairs[(pairs["level"] == level) & (pairs["units_both"] >= k_min)]
    rows = rows.sort_values(["strength", "product_1", "product_2"], ascending=[False, True, True])
    seen: dict[str, int] = {}
    kept = []
    for row in rows.itertuples():
        if max(seen.get(row.product_1, 0), seen.get(row.product_2, 0)) < 3:
            kept.append(row.Index)
            for end in (row.product_1, row.product_2):
                seen[end] = seen.get(end, 0) + 1
        if len(kept) == most:
            break
    rows = rows.loc[kept].reset_index(drop=True)
    turned = (rows["confidence_2_1"] > rows["confidence_1_2"]).to_numpy()
    one, other = rows["product_1"], rows["product_2"]
    return rows.assign(
        one=other.where(turned, one),
        other=one.where(turned, other),
        share=rows[["confidence_1_2", "confidence_2_1"]].max(axis=1),
    )


def pairs_title(rows: pd.DataFrame, named: dict[str, str], language: str) -> str:
    """Which two belong together most."""
    if not len(rows):
        return i18n.word("related.none.pairs", language)
    row = rows.iloc[0]
    told = {end: brief(named[row[end]], TITLE) for end in ("one", "other")}
    told |= {"share": rate(row["share"], language), "times": times(row["excess"])}
    return i18n.sentence(
        "related.title.pairs", language, unit=i18n.word(f"related.unit.{row['level']}", language), **told
    )


def times(value: float) -> str:
    """A ratio of at most three digits: 0.85, 1.4, 12, 340."""
    return f"{value:.2f}" if value < 1.05 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def grid(cross: pd.DataFrame, most: int = CATEGORIES) -> list[str]:
    """Categories of the matrix, the largest first."""
    sizes = cross.groupby("category_1")["customers_1"].first() if len(cross) else pd.Series(dtype=int)
    return sorted(sizes.index, key=lambda name: (-sizes[name], name))[:most]


def shown(cross: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """The rows of the matrix that tell of at least k_min customers on both sides."""
    return cross[(cross["customers_both"] >= k_min) & (cross["customers_1"] - cross["customers_both"] >= k_min)]


def cross_title(cross: pd.DataFrame, language: str, k_min: int) -> str:
    """The two categories that sell together most clearly more, or less, than chance."""
    known = grid(cross)
    rows = shown(cross, k_min)
    rows = rows[rows["category_1"].isin(known) & rows["category_2"].isin(known)]
    for verdict, least in ((MORE, False), (LESS, True)):
        clear = rows[rows["verdict"] == verdict].sort_values(["lift", "category_1"], ascending=[least, True])
        if len(clear):
            row = clear.iloc[0]
            told = {"one": brief(row["category_1"]), "other": brief(row["category_2"]), "times": times(row["lift"])}
            return i18n.sentence(f"related.title.cross_{verdict}", language, **told)
    return i18n.word("related.title.cross_unclear", language)


def cells(
    cross: pd.DataFrame, language: str, k_min: int, most: int = CATEGORIES
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Lifts, what is printed of them, and how dark: rows and columns are categories; withheld cells read *."""
    known = grid(cross, most)
    dash, told = "〜" if language == "ja" else "–", shown(cross, k_min).set_index(["category_1", "category_2"])
    lifts = (
        cross.set_index(["category_1", "category_2"])["lift"].unstack().reindex(known, axis=0).reindex(known, axis=1)
    )
    printed = pd.DataFrame("", known, known)
    shade = pd.DataFrame(0.0, known, known)
    for one in known:
        for other in known:
            if one == other:
                continue
            if (one, other) not in told.index:
                printed.loc[one, other] = "*"
                continue
            row = told.loc[(one, other)]
            mark = {MORE: "▲", LESS: "▼"}.get(row["verdict"], "")
            printed.loc[one, other] = f"{row['lift']:.2f}{mark}\n{row['low']:.2f}{dash}{row['high']:.2f}"
            if mark:
                shade.loc[one, other] = min(abs(np.log2(row["lift"])) + 0.15, 0.8)
    for frame in (lifts, printed, shade):
        frame.index = frame.columns = [brief(name, 22) for name in known]
    return lifts, printed, shade


def pairs_table(rows: pd.DataFrame, named: dict[str, str], language: str) -> pd.DataFrame:
    """Rows of `strongest` as numbers: baskets or customers with both, share of the buyers of the first, lift, times chance."""
    unit = "customers" if len(rows) and rows["level"].iloc[0] == "customer" else "baskets"
    made = {
        "main": [named[one] for one in rows["one"]],
        "with": [named[one] for one in rows["other"]],
        unit: [f"{int(n):,}" for n in rows["units_both"]],
        "confidence": [rate(one, language) for one in rows["share"]],
        "lift": [times(one) for one in rows["lift"]],
        "times": _intervals(rows, language),
        "q_value": [_p(one) for one in rows["q_value"]],
    }
    return _framed(made, language)


def sets_table(sets: pd.DataFrame, named: dict[str, str], language: str, k_min: int, most: int = MOST) -> pd.DataFrame:
    """Sets of three as numbers."""
    rows = sets[sets["units_all"] >= k_min].head(most)
    made = {
        "products": [" + ".join(named[row[f"product_{n}"]] for n in (1, 2, 3)) for row in rows.to_dict("records")],
        "baskets": [f"{int(n):,}" for n in rows["units_all"]],
        "lift": [times(one) for one in rows["lift"]],
        "pairs_times": _intervals(rows, language),
        "q_value": [_p(one) for one in rows["q_value"]],
    }
    return _framed(made, language)


def next_rows(following: pd.DataFrame, k_min: int, most: int = MOST) -> pd.DataFrame:
    """Next products that may be shown: clear orders first, then the strongest; each product at most twice."""
    rows = following[(following["customers_both"] >= k_min) & (following["rank"] <= 2)]
    order = ["verdict", "strength", "product_id", "next_product_id"]
    return rows.sort_values(order, ascending=[False, False, True, True]).head(most).reset_index(drop=True)


def next_table(rows: pd.DataFrame, named: dict[str, str], language: str) -> pd.DataFrame:
    """Next products as numbers: share of customers, share by chance, days between, whether the order is clear."""
    made = {
        "product": [named[one] for one in rows["product_id"]],
        "next": [named[one] for one in rows["next_product_id"]],
        "customers": [f"{int(n):,}" for n in rows["customers_both"]],
        "confidence": [rate(one, language) for one in rows["confidence"]],
        "expected": [rate(one, language) for one in rows["expected"] / rows["customers"]],
        "times": _intervals(rows, language),
        "days": [i18n.MISSING if pd.isna(one) else f"{one:.0f}" for one in rows["usual_days"]],
        "order": [i18n.word(f"related.order.{one}", language) for one in rows["verdict"]],
    }
    return _framed(made, language)


def accessories(pairs: pd.DataFrame, following: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Accessories by main product: main, accessory, with or after, share of buyers of the main product, times chance.

    Of each main product and accessory the way with the larger share; those that most buyers take come first.
    """
    held = pairs[(pairs["level"] == "basket") & pairs["accessory"].notna() & (pairs["units_both"] >= k_min)]
    second = (held["accessory"] == held["product_2"]).to_numpy(dtype=bool)
    with_it = pd.DataFrame(
        {
            "main": np.where(second, held["product_1"], held["product_2"]),
            "accessory": held["accessory"],
            "share": np.where(second, held["confidence_1_2"], held["confidence_2_1"]),
            "way": "with",
        }
    )
    later = following[following["is_accessory"] & (following["customers_both"] >= k_min)]
    after = pd.DataFrame(
        {"main": later["product_id"], "accessory": later["next_product_id"], "share": later["confidence"]}
    )
    measures = ["excess", "excess_low", "excess_high"]
    both = [with_it.join(held[measures]), after.assign(way="after").join(later[measures])]
    rows = pd.concat([one for one in both if len(one)] or both[:1], ignore_index=True)
    rows = rows.sort_values(["share", "main", "accessory", "way"], ascending=[False, True, True, True])
    return rows.drop_duplicates(["main", "accessory"]).reset_index(drop=True)


def accessories_table(rows: pd.DataFrame, sold: pd.DataFrame, language: str, most: int = MOST) -> pd.DataFrame:
    """Accessories as numbers, each main product at most three times."""
    rows = rows[rows.groupby("main").cumcount() < 3].head(most)
    named, price = names(sold), sold.set_index("product_id")["price"].astype(float)
    cost = price.reindex(rows["accessory"]).to_numpy() / price.reindex(rows["main"]).to_numpy()
    made = {
        "main": [named[one] for one in rows["main"]],
        "accessory": [named[one] for one in rows["accessory"]],
        "when": [i18n.word(f"related.{way}", language) for way in rows["way"]],
        "confidence": [rate(one, language) for one in rows["share"]],
        "times": _intervals(rows, language),
        "price": [rate(one, language) for one in cost],
    }
    return _framed(made, language)


def summary(found, language: str) -> str:
    """How much was found, and how much of it may be chance; found: a month's Related."""
    told = {
        "baskets": f"{found.baskets:,}",
        "pairs": f"{int((found.pairs['level'] == 'basket').sum()):,}",
        "sets": f"{len(found.sets):,}",
        "next": f"{len(found.following):,}",
        "ordered": f"{int((found.following['verdict'] == THIS).sum()):,}",
        "rate": i18n.number(found.options.false_discovery, "rate", language).replace(".0", ""),
    }
    return i18n.sentence("related.summary", language, **told)


def rate(share: float, language: str) -> str:
    """A share as people write it."""
    return i18n.number(share, "rate", language)


def _intervals(rows: pd.DataFrame, language: str) -> list[str]:
    ends = zip(rows["excess"], rows["excess_low"], rows["excess_high"], strict=True)
    return [i18n.aside(times(a), i18n.span(times(b), times(c), language), language) for a, b, c in ends]


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _framed(made: dict[str, list[str]], language: str) -> pd.DataFrame:
    frame = pd.DataFrame({i18n.word(f"related.column.{name}", language): column for name, column in made.items()})
    return frame.set_axis(range(1, len(frame) + 1))
