"""Who asked against customers alike who did not: bought again within 90 days, by how the inquiry went, with its checks.

An association, not a cause: what made somebody ask may also be what makes them stay away. Purchases that lie before the year
whose facts are held alike cannot follow from the inquiry: a difference in them (placebo) tells of customers who are not alike.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import Z, difference, two_sided, wilson
from customerbase.multiple import benjamini_hochberg
from customerbase.satisfaction.inquiries.alike import TERMS, YEAR, Pairs, match
from customerbase.satisfaction.inquiries.study import GROUPS, Study

UNLIKE = (
    0.25  # standardised differences above it no line repairs; Rubin (2001), Health Serv. Outcomes Res. Methodol. 2, 169
)
WORTH = 20  # matched inquiries that a comparison needs
FALSE = 0.05
EVERY = 30  # days from one look at all customers to the next
ASKED, PLACEBO = "asked", "placebo"
LESS, MORE, UNCLEAR, UNLIKE_GROUPS, FEW = "less", "more", "no_clear_difference", "not_comparable", "few"
VERDICTS = (LESS, MORE, UNCLEAR, UNLIKE_GROUPS, FEW)
AGAINST = (("slow", "fast"), ("discontent", "content"))
EFFECT = [
    *("as_of", "comparison", "inquiries", "matched", "controls", "share", "share_alike", "difference", "low", "high"),
    *("plain", "plain_low", "plain_high", "smd_after", "q_value", "verdict", "horizon_days", "fast_hours"),
]
NOTHING = dict.fromkeys(EFFECT[5:14]) | {"verdict": FEW, "p": np.nan, "terms": [], "parts": None}
BALANCE = ["as_of", "comparison", "term", "smd_before", "smd_after"]


@dataclass(frozen=True)
class Plain:
    """All customers who had bought within a year and not asked of late, looked at every 30 days: what one would compare with.

    share: who bought in the days after; customers: different ones; mean, variance: of the terms.
    """

    share: float
    customers: int
    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, study: Study) -> "Plain":
        """The customers of a study, as they were on each of its days that are 30 apart."""
        bought, following = study.bought, study.bought.following
        parts, sums = [], np.zeros((2, len(TERMS)))
        for day in range(study.last, study.last - study.days, -EVERY):
            here = (bought.day <= day) & (following > day) & (bought.day >= day - YEAR)
            here &= (bought.asked > day) & (bought.asked_before < day - study.quiet)
            rows = np.flatnonzero(here)
            gap = day - bought.day[rows]
            x = terms(study, rows, gap)
            sums += np.array([x.sum(axis=0), (x**2).sum(axis=0)])
            parts.append((bought.customer[rows], outcome(study, rows, gap, placebo=False)))
        who, y = (np.concatenate([part[side] for part in parts] or [np.zeros(0)]) for side in (0, 1))
        n = max(len(y), 1)
        mean = sums[0] / n
        share = float(y.mean()) if len(y) else float("nan")
        return cls(
            share, int(np.count_nonzero(np.bincount(who.astype(np.int64)))), mean, np.maximum(sums[1] / n - mean**2, 0)
        )


@dataclass(frozen=True)
class Compared:
    """Matched inquiries with the outcome of both sides: what every difference is made of.

    rest, rest_other: outcome less what a line in all terms expects, of each inquiry and of each pair's partner.
    """

    study: Study
    pairs: Pairs
    outcome: np.ndarray
    outcome_other: np.ndarray
    rest: np.ndarray
    rest_other: np.ndarray

    def contributions(self, mask: np.ndarray) -> tuple[float, float, float, np.ndarray]:
        """Share of those who asked, of those alike, difference, and what each customer adds to it, of some inquiries.

        The difference is that of matched means, corrected for what still differs by a line fitted to the partners.
        Source: Abadie & Imbens (2011), J. Bus. Econ. Stat. 29, 1–11.
        """
        use, bought = mask & self.pairs.matched, self.study.bought
        n, pair = int(use.sum()), use[self.pairs.one]
        weight = self.pairs.weight[pair]
        value = float(self.rest[use].mean() - (weight * self.rest_other[pair]).sum() / n)
        who = np.concatenate([bought.customer[self.study.rows[use]], bought.customer[self.pairs.other[pair]]])
        part = np.concatenate([self.rest[use] - value, -weight * self.rest_other[pair]]) / n
        share = float(self.outcome[use].mean())
        return share, share - value, value, np.bincount(who, part, minlength=int(bought.customer[-1]) + 1)

    def smd(self, mask: np.ndarray, plain: Plain | None) -> tuple[np.ndarray, np.ndarray]:
        """Standardised mean differences of the terms, before and after matching, in units of the spread of plain groups."""
        use = mask & self.pairs.matched
        pair = use[self.pairs.one]
        mine, other = terms(self.study, self.study.rows, self.study.gap), self.partners[pair]
        weight = self.pairs.weight[pair] / self.pairs.weight[pair].sum()
        mean = plain.mean if plain else weight @ other
        variance = plain.variance if plain else weight @ other**2 - mean**2
        spread = np.sqrt((mine[mask].var(axis=0) + np.maximum(variance, 0)) / 2)
        apart = np.array([mine[mask].mean(axis=0) - mean, mine[use].mean(axis=0) - weight @ other])
        return tuple(np.where(spread > 1e-9, apart / np.where(spread > 1e-9, spread, 1.0), 0.0))  # type: ignore[return-value]

    @property
    def partners(self) -> np.ndarray:
        """Terms of the partner of each pair, silent for as many days."""
        return terms(self.study, self.pairs.other, self.study.gap[self.pairs.one])

    def earlier(self) -> "Compared":
        """The same pairs, both of them customers by then, by a purchase in as many days before the year of facts."""
        study, pairs = self.study, self.pairs
        old, old_other = (study.bought.since(rows) >= YEAR + study.horizon for rows in (study.rows, pairs.other))
        keep = old[pairs.one] & old_other
        one, other = pairs.one[keep], pairs.other[keep]
        weight = 1 / np.bincount(one, minlength=len(study))[one]
        return _compared(study, Pairs(pairs.asked, pairs.gap, one, other, weight), placebo=True)

    def controls(self, mask: np.ndarray) -> int:
        """Different customers among the partners of some inquiries."""
        return len(np.unique(self.study.bought.customer[self.pairs.other[mask[self.pairs.one]]]))


def compare(study: Study) -> Compared:
    """Match, and look at a purchase in the days after the index day."""
    pairs = match(study.bought, study.rows, study.gap, quiet=study.quiet, last=study.last)
    return _compared(study, pairs, placebo=False)


def _compared(study: Study, pairs: Pairs, *, placebo: bool) -> Compared:
    gaps = study.gap[pairs.one]
    one = outcome(study, study.rows, study.gap, placebo=placebo)
    two = outcome(study, pairs.other, gaps, placebo=placebo)
    x, x_other = terms(study, study.rows, study.gap), terms(study, pairs.other, gaps)
    line = _line(x_other, two, pairs.weight)
    return Compared(study, pairs, one, two, one - line(x), two - line(x_other))


def outcome(study: Study, rows: np.ndarray, gap: np.ndarray, *, placebo: bool) -> np.ndarray:
    """1 where the customer of each row bought in the days after its index day; of the placebo in those before the year of facts."""
    day = study.bought.day[rows]
    start, end = (day - YEAR - study.horizon, day - YEAR) if placebo else (day + gap, day + gap + study.horizon)
    return study.bought.bought(rows, start, end)


def terms(study: Study, rows: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """All that is held alike, in the order of TERMS."""
    facts = study.bought.facts(rows)
    return np.column_stack([np.log1p(gap), facts, (study.bought.day[rows] + gap) / 30])


def _line(x: np.ndarray, y: np.ndarray, weight: np.ndarray):
    """Weighted least squares with a little ridge: a function of x."""
    total = weight.sum()
    if total <= x.shape[1] + 2:
        mean = float(weight @ y / total) if total else 0.0
        return lambda new: np.full(len(new), mean)
    centre, middle = weight @ x / total, float(weight @ y / total)
    z = x - centre
    spread = np.sqrt(weight @ z**2 / total)
    z = z / np.where(spread > 1e-9, spread, 1.0)
    slope = np.linalg.solve((z * weight[:, None]).T @ z + np.eye(x.shape[1]), z.T @ (weight * (y - middle)))
    return lambda new: middle + (new - centre) / np.where(spread > 1e-9, spread, 1.0) @ slope


def tables(study: Study, *, as_of: date, k_min: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Comparisons and their balance. Rows: asked, placebo, fast …, slow_fast (the difference of two differences).

    share: of those who asked and found partners, who bought in the days after; share_alike: of their partners; difference with
    95 % interval, customers counted as one however often they stand in it. plain: the same against all customers who had not
    asked by the middle of a month. verdict: less or more where the q-value over all comparisons but the placebo is below 5 %
    (of the placebo: where its interval leaves 0 out); not_comparable where a standardised difference stays above 0.25; few
    where fewer than 20 inquiries found partners, or fewer than k_min of them bought, or did not, or are partners; then no number is told.
    """
    everybody = compare(study)
    plain = Plain.of(study)
    rows = [_row(everybody, ASKED, np.ones(len(study), dtype=bool), plain, k_min)]
    rows += [_row(everybody, name, study.went[name].to_numpy(dtype=bool), plain, k_min) for name in GROUPS]
    if FEW in (rows[1]["verdict"], rows[2]["verdict"]):  # all but the fast are slow: one would give the other away
        rows[1:3] = [row | NOTHING for row in rows[1:3]]
    rows += [_against(one, two, rows) for one, two in AGAINST]
    rows.append(_row(everybody.earlier(), PLACEBO, np.ones(len(study), dtype=bool), None, k_min))
    made = pd.DataFrame(rows)
    tested = made["verdict"].eq("tested")
    p = np.where(tested & (made["comparison"] != PLACEBO), made["p"].astype(float), np.nan)
    made["q_value"] = benjamini_hochberg(p)
    sure = np.where(made["comparison"] == PLACEBO, made["p"].astype(float) < FALSE, made["q_value"] < FALSE) & tested
    told = np.where(made["difference"].astype(float) < 0, LESS, MORE)
    made["verdict"] = np.where(sure, told, np.where(tested, UNCLEAR, made["verdict"]))
    counts = dict.fromkeys(("inquiries", "matched", "controls"), "Int64")
    balance = [{"as_of": as_of, "comparison": row["comparison"]} | term for row in rows for term in row["terms"]]
    return made.assign(as_of=as_of, horizon_days=study.horizon, fast_hours=study.fast)[EFFECT].astype(
        counts
    ), pd.DataFrame(balance, columns=BALANCE)


def _row(compared: Compared, name: str, mask: np.ndarray, plain: Plain | None, k_min: int) -> dict:
    matched = int((mask & compared.pairs.matched).sum())
    row = {"comparison": name, "inquiries": int(mask.sum()), "matched": matched, "controls": compared.controls(mask)}
    row |= NOTHING
    bought = int(compared.outcome[mask & compared.pairs.matched].sum())
    if matched < WORTH or min(bought, matched - bought, row["controls"]) < k_min:
        return row
    share, alike, value, parts = compared.contributions(mask)
    before, after = compared.smd(mask, plain)
    row |= {"share": share, "share_alike": alike, "smd_after": float(np.abs(after).max())} | _sure(value, parts)
    row["verdict"] = "tested" if row["smd_after"] <= UNLIKE else UNLIKE_GROUPS
    row["terms"] = [
        {"term": term, "smd_before": float(one) if plain else None, "smd_after": float(two)}
        for term, one, two in zip(TERMS, before, after, strict=True)
    ]
    return row | (_plainly(compared.outcome[mask], plain) if plain else {})


def _sure(value: float, parts: np.ndarray) -> dict:
    """A difference with its interval from what each customer adds to it."""
    error = float(np.sqrt((parts**2).sum()))
    p = float(two_sided(value / error)) if error > 0 else np.nan
    return {"difference": value, "low": value - Z * error, "high": value + Z * error, "p": p, "parts": parts}


def _plainly(bought: np.ndarray, plain: Plain) -> dict:
    share, n = float(bought.mean()), len(bought)
    one, two = wilson(bought.sum(), n), wilson(plain.share * plain.customers, plain.customers)
    low, high = difference(share, *one, plain.share, *two)
    return {"plain": share - plain.share, "plain_low": float(low), "plain_high": float(high)}


def _against(one: str, two: str, rows: list[dict]) -> dict:
    """The difference of two groups' differences: what the groups have in common with each other falls out."""
    found = {row["comparison"]: row for row in rows}
    sides = [found[one], found[two]]
    counts = {name: sum(row[name] for row in sides) for name in ("inquiries", "matched", "controls")}
    row = {"comparison": f"{one}_{two}", **counts} | NOTHING
    if any(side["verdict"] == FEW for side in sides):
        return row
    value, parts = sides[0]["difference"] - sides[1]["difference"], sides[0]["parts"] - sides[1]["parts"]
    unlike = any(side["verdict"] == UNLIKE_GROUPS for side in sides)
    return row | _sure(value, parts) | {"verdict": UNLIKE_GROUPS if unlike else "tested"}
