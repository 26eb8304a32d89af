"""Customer bases whose groups are known: planted ones, and a continuum of buyers, as matrices and as snapshots."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase import features
from customerbase.engine import Engine
from customerbase.segments.clusters.behaviour import FEATURES

CUTOFF = date(2026, 11, 1)
BESIDE = {  # the tables that are told of beside the snapshot
    "rfm": {"customer_id": "str", "segment": "str"},
    "profile": {"customer_id": "str", "main_channel": "str", "age_band": "str"},
    "cltv": {"customer_id": "str", "cltv": "float64"},
    "churn": {"customer_id": "str", "probability": "float64"},
}


def planted(seed: int, k: int, n: int = 1200, d: int = 6, apart: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """n customers in k groups of unequal size, normal within a group, centres at least `apart`; one in a hundred far off."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(k, 4.0)) + 0.08
    truth = rng.choice(k, n, p=shares / shares.sum())
    while True:
        centres = rng.normal(0, apart / 2.5, (k, d))
        between = np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(axis=-1))
        if between[~np.eye(k, dtype=bool)].min() > apart:
            break
    x = centres[truth] + rng.normal(0, 1, (n, d))
    far = rng.random(n) < 0.01
    return np.clip(x + far[:, None] * rng.normal(0, 6, (n, d)), -9, 9), truth


def buyers(seed: int, n: int = 1200) -> dict[str, np.ndarray]:
    """A continuum: gamma rates of purchase, log-normal baskets, beta shares; no customer is of a kind."""
    rng = np.random.default_rng(seed)
    days = 1 + rng.poisson(rng.gamma(1.0, 3.0, n))
    online = rng.binomial(days, rng.beta(0.4, 0.6, n)) / days
    return {
        "days_since_last_purchase": np.minimum(365, 1 + rng.exponential(365 / (days + 1))).astype(int),
        "purchase_days_365": days,
        "median_gap": np.where(days > 1, 365 / days * rng.lognormal(0, 0.4, n), np.nan),
        "mean_order_365": rng.lognormal(8 + 0.1 * np.log(days), 0.6),
        "categories_365": np.minimum(8, 1 + rng.binomial(7, 1 - np.exp(-days * 0.15))),
        "discount_share_365": np.where(rng.random(n) < 0.4, 0, rng.beta(1.5, 8, n)),
        "online_share": online,
        "visit_days_90": rng.poisson(days * rng.gamma(1, 1, n) * (0.3 + online)),
        "open_rate_365": rng.beta(1.2, 3, n),
        "returned_share_365": np.where(rng.random(n) < 0.85, 0, rng.beta(1, 6, n)),
    }


# Medians of four kinds of customers: days since, purchase days, gap, order, categories, discount, online, visits, opened,
# returned share. The last kind comes only in the second month of `months`.
KINDS = {
    "web": (15, 20, 18, 3000, 6, 0.02, 0.95, 15, 0.6, 0.02),
    "shop": (30, 12, 30, 6000, 4, 0.02, 0.05, 0.2, 0.1, 0.02),
    "bargain": (120, 3, 110, 2000, 2, 0.35, 0.6, 3, 0.4, 0.1),
    "gift": (330, 1, 360, 30000, 1, 0.0, 0.5, 0.1, 0.02, 0.0),
}
SPREADS = (0.25, 0.25, 0.25, 0.3, 0.15, 0.04, 0.06, 0.3, 0.08, 0.02)  # of logarithms, of shares as they are


def kinds(seed: int, sizes: dict[str, int]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Skewed, counted, spiked behaviours of customers of known kinds, and the kind of each."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(list(sizes), list(sizes.values()))
    made = {}
    for place, name in enumerate(FEATURES):
        centre = np.array([KINDS[kind][place] for kind in truth], dtype=float)
        noise = rng.normal(0, SPREADS[place], len(truth))
        values = (
            np.clip(centre + noise, 0, 1)
            if name.endswith(("share", "share_365", "rate_365"))
            else centre * np.exp(noise)
        )
        made[name] = np.round(values) if features.features()[name].kind.name in ("count", "days") else values
    return made, truth


def engine(columns: dict[str, np.ndarray], ids: list[str] | None = None, **tables: pd.DataFrame) -> Engine:
    """An Engine with the snapshot and the tables beside it; what is not given is empty (spend: order times purchase days)."""
    n = len(next(iter(columns.values())))
    ids = ids or [f"c{number:06d}" for number in range(n)]
    frame = pd.DataFrame({name: columns.get(name, np.full(n, np.nan)) for name in FEATURES})
    frame.insert(0, "customer_id", ids)
    frame["cutoff"] = CUTOFF
    frame["spend_365"] = columns.get("spend_365", np.nan_to_num(frame["mean_order_365"] * frame["purchase_days_365"]))
    frame["days_since_first_purchase"] = columns.get("days_since_first_purchase", 400)
    db = Engine()
    db.register("snapshots", frame.astype({"customer_id": "str"}))
    for name, columns_of in BESIDE.items():
        db.register(name, tables.get(name, pd.DataFrame(columns=list(columns_of)).astype(columns_of)))
    return db
