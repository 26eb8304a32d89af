"""An invented world of customers whose causes of later spend are known: frames as good_early.sql makes them.

Causes: a second purchase, several categories in the first basket, the first channel web, and age 50-59 raise later spend; an
inquiry lowers it. Mails opened and discounts go with web and age and change nothing: whoever compares plain groups thinks
they do. Gender, region, category, opinions, carts and many items change nothing and go with nothing.
"""

import numpy as np
import pandas as pd
from scipy.special import expit

CAUSES = {"second_purchase": 1, "several_categories": 1, "channel:web": 1, "age_band:50-59": 1, "inquiry": -1}
CONFOUNDED = ("mail_opened", "discount")
# channels and ages other than the causes stand beside them: not having the cause is having another value
ENTANGLED = ("channel:store", "channel:app", "age_band:20-29", "age_band:30-39", "age_band:40-49")


def frame(seed: int, customers: int = 2500, strength: float = 1.0) -> pd.DataFrame:
    """Customers of nine first months; strength 0: nothing causes anything."""
    rng = np.random.default_rng(seed)

    def some(chance) -> np.ndarray:
        return (rng.random(customers) < chance).astype("int64")

    channel = rng.choice(["store", "web", "app"], customers, p=[0.5, 0.35, 0.15])
    age = rng.choice(["20-29", "30-39", "40-49", "50-59"], customers, p=[0.2, 0.3, 0.3, 0.2])
    web, old = channel == "web", age == "50-59"
    made = pd.DataFrame({
        "customer_id": [f"C{place:05}" for place in range(customers)],
        "cohort": pd.to_datetime("2024-12-01") + pd.to_timedelta(rng.integers(0, 9, customers) * 31, unit="D"),
        "channel": channel, "store": "none", "category": rng.choice(["a", "b", "c"], customers),
        "basket": np.exp(rng.normal(8, 0.6, customers)), "items": rng.integers(1, 5, customers),
        "categories": 1 + some(0.4), "discount": some(expit(-1.8 + 1.6 * web + 0.9 * old)).astype(float),
        "points_used": 0.0, "more_orders": some(0.35), "channels": 1, "mails_sent": 1,
        "mails_opened": some(expit(-1.6 + 1.5 * web + 1.2 * old)), "visit_days": some(0.3), "carts": some(0.25),
        "inquiries": some(0.25), "points_movements": 0, "opinions": some(0.2), "age_band": age,
        "gender": rng.choice(["female", "male"], customers), "prefecture": rng.choice(["東京都", "大阪府", "福岡県"], customers),
    })  # fmt: skip
    made["cohort"] = made["cohort"].dt.to_period("M").dt.to_timestamp()
    gain = 0.9 * (made["more_orders"] > 0) + 0.6 * (made["categories"] > 1) + 0.7 * web + 0.6 * old
    gain = gain - 0.8 * (made["inquiries"] > 0)
    season = np.sin(made["cohort"].dt.month / 2) * 0.3
    made["value"] = np.round(np.exp(8 + strength * gain + season + rng.normal(0, 0.8, customers)))
    made.loc[rng.random(customers) < 0.3, "value"] = 0.0
    return made
