"""How the mix of customers moved between two months, of which many are customers of both."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import Z, two_sided, wilson
from customerbase.multiple import holm
from customerbase.segments.mix.people import NOW, People

LEVEL = 0.05
STEP = 0.001  # ends of shifts are rounded outwards: from exact ones it could be computed how many came and went


def pairs(before: pd.Series, now: pd.Series, rows: int) -> np.ndarray:
    """Customers by their row before and now, shape (rows + 1, rows + 1); the last of each stands for not active."""
    both = pd.concat({"before": before, "now": now}, axis=1).fillna(rows).astype("int64")
    made = np.zeros((rows + 1, rows + 1), dtype="int64")
    np.add.at(made, (both["before"].to_numpy(), both["now"].to_numpy()), 1)
    return made


def shifts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Change of each row's share and the covariance matrix of the changes, from a table of `pairs`.

    A share is a ratio of two totals over customers, and so is the one before; whoever is a customer in both months
    counts in both, so the covariance is that of the sum of the customers' linearised contributions:
    (1[row now] − share now) / n now − (1[row before] − share before) / n before, 0 for a month in which they are not active.
    Source: Cochran, Sampling Techniques (1977), §2.11 and §6.4; Wood (2008), Survey Methodology 34, 53–78.
    """
    rows = len(counts) - 1
    before, now = counts.sum(axis=1)[:rows], counts.sum(axis=0)[:rows]
    share, share_before = now / now.sum(), before / before.sum()
    unit = np.vstack([np.eye(rows), np.zeros(rows)])
    is_in = np.append(np.ones(rows), 0)[:, None]
    after = (unit - is_in * share) / now.sum()
    earlier = (unit - is_in * share_before) / before.sum()
    parts = (after[None, :, :] - earlier[:, None, :]).reshape(-1, rows)
    people = counts.sum()
    return share - share_before, (parts * counts.reshape(-1, 1)).T @ parts * people / max(people - 1, 1)


def overall(change: np.ndarray, covariance: np.ndarray) -> float:
    """p-value of no change in any share: Wald's chi-square of all but the largest variance, which follows from them.

    1 where nothing can vary.
    """
    from scipy.stats import chi2  # slow to load, and whoever only shows shifts needs none of it

    keep = np.delete(np.arange(len(change)), np.argmax(np.diag(covariance)))
    rank = np.linalg.matrix_rank(covariance[np.ix_(keep, keep)], tol=1e-14)
    if not rank:
        return 1.0
    part = np.linalg.pinv(covariance[np.ix_(keep, keep)], hermitian=True)
    return float(chi2.sf(change[keep] @ part @ change[keep], rank))


def psi(share: np.ndarray, share_before: np.ndarray) -> float:
    """Population stability index: sum of (share − before) · ln(share / before); empty rows count as a ten-thousandth."""
    p, q = np.maximum(share, 1e-4), np.maximum(share_before, 1e-4)
    return float(((p - q) * np.log(p / q)).sum())


def table(people: People, *, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mix of this month, and what changed against each month compared with; and one test per attribute.

    First table: one row per attribute, row and month compared with (`against`; none: one row without a comparison). Its
    shares have Wilson's interval; `clear` is true where the attribute's overall test and the row's own both hold after
    Holm's correction, over the attributes and over the rows of the attribute. Second: as_of, attribute, against,
    customers, customers_before, psi, p_value (Holm over the attributes), clear.
    """
    compared = [window for window in people.windows if window != NOW]
    parts, tests = [_alone(people, attribute) for attribute in people.attributes if not compared], []
    for against in compared:
        found = [_compared(people, attribute, against) for attribute in people.compared(against)]
        clear = holm([p for _, _, p in found]) < LEVEL
        for (part, test, _), p, holds in zip(found, holm([p for _, _, p in found]), clear, strict=True):
            adjusted = holm(part.pop("p"))
            part = part.assign(clear=(adjusted < LEVEL) & holds)
            parts.append(part[(part["customers"] > 0) | (part["customers_before"] > 0)])
            tests.append(test | {"p_value": float(np.ceil(p * 1000) / 1000), "clear": bool(holds)})
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=MIX[1:])
    of_attributes = pd.DataFrame(tests, columns=TESTS[1:])
    return made.assign(as_of=as_of)[MIX], of_attributes.assign(as_of=as_of)[TESTS]


MIX = [
    *("as_of", "attribute", "value", "against", "customers", "share", "low", "high"),
    *("customers_before", "share_before", "shift", "shift_low", "shift_high", "clear"),
]
TESTS = ["as_of", "attribute", "against", "customers", "customers_before", "psi", "p_value", "clear"]


def _alone(people: People, attribute: str) -> pd.DataFrame:
    rows = people.rows(attribute)
    counts = np.bincount(people.codes(attribute, NOW), minlength=len(rows))
    made = _shares(attribute, rows, counts).assign(against="none", clear=False, **dict.fromkeys(MIX[8:13], np.nan))
    return made[made["customers"] > 0]


def _shares(attribute: str, rows: list[str], counts: np.ndarray) -> pd.DataFrame:
    low, high = wilson(counts, counts.sum())
    shares = {"customers": counts, "share": counts / counts.sum(), "low": low, "high": high}
    return pd.DataFrame({"attribute": attribute, "value": rows, **shares})


def _compared(people: People, attribute: str, against: str) -> tuple[pd.DataFrame, dict, float]:
    rows = people.rows(attribute)
    counts = pairs(people.codes(attribute, against), people.codes(attribute, NOW), len(rows))
    before, now = counts.sum(axis=1)[:-1], counts.sum(axis=0)[:-1]
    change, covariance = shifts(counts)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    p = np.where(error > 0, two_sided(change / np.where(error > 0, error, 1)), np.where(change == 0, 1.0, 0.0))
    part = _shares(attribute, rows, now).assign(
        against=against,
        customers_before=before,
        share_before=before / before.sum(),
        shift=change,
        shift_low=np.floor((change - Z * error) / STEP) * STEP,
        shift_high=np.ceil((change + Z * error) / STEP) * STEP,
        p=p,
    )
    test = {"attribute": attribute, "against": against, "customers": now.sum(), "customers_before": before.sum()}
    return part, test | {"psi": psi(now / now.sum(), before / before.sum())}, overall(change, covariance)
