"""An invented company whose customers' rhythm, inquiries and what these do is known: frames as inquiries.study follows them.

Customers buy at their own rate. After a purchase some ask. What an inquiry does is planted: with the chance `harm` the customer
never buys again, `slow_harm` where it is solved slowly. Who bought often in the year before asks much more often, so that
plainly those who ask buy again more than the others, whatever the inquiry does (confounded). Hidden: what decides who asks is
the customer's nature, of which a year of purchases tells only a part.
"""

import numpy as np
import pandas as pd

DAYS, HORIZON = 800, 90
LAST = DAYS - HORIZON
OFTEN, RARE = 1 / 25, 1 / 140


def world(
    seed: int,
    *,
    customers: int = 2000,
    harm: float = 0.0,
    slow_harm: float | None = None,
    confounded: bool = True,
    hidden: bool = False,
):
    """Purchase days, inquiries, and `truth`: customer, day, slow, bought and would_have of each inquiry."""
    rng = np.random.default_rng(seed)
    often = rng.random(customers) < 0.4
    days, inquiries, truth = [], [], []
    for customer in range(customers):
        rate = (OFTEN if often[customer] else RARE) * rng.gamma(8, 1 / 8)
        start = rng.uniform(0, DAYS - 60)
        gaps = rng.exponential(1 / rate, int(DAYS * rate * 2) + 20)
        plan = np.unique(np.floor(start + np.concatenate([[0], np.cumsum(gaps)])).astype(int))
        plan, gone = plan[plan < DAYS], DAYS
        for day in plan:
            busy = often[customer] if hidden else ((plan <= day) & (plan > day - 365)).sum() >= 4
            if day >= gone or rng.random() >= ((0.06 if busy else 0.012) if confounded else 0.03):
                continue
            asked = int(day + np.floor(rng.exponential(4)))
            if asked >= min(gone, DAYS):
                continue
            slow = rng.random() < 0.5
            stays = rng.random() >= (slow_harm if slow and slow_harm is not None else harm)
            after = (plan > asked) & (plan <= asked + HORIZON)
            truth.append((customer, asked, slow, bool(after.any()) and stays, bool(after.any())))
            inquiries.append((customer, asked, (60 if slow else 3) * 3600.0, slow))
            gone = gone if stays else asked + 1
        kept = plan[plan < gone]
        days += [(customer, int(day), float(np.exp(rng.normal(8, 0.5))), int(customer % 2)) for day in kept]
    table = pd.DataFrame(inquiries, columns=["customer", "day", "solution_seconds", "slow"]).sort_values(
        ["customer", "day"]
    )
    table = table.assign(
        solution_watched=table["solution_seconds"], knows_closing=1, csat=np.where(table["slow"], 2, 5)
    )
    bought = pd.DataFrame(days, columns=["customer", "day", "spend", "online"])
    return (
        bought,
        table.assign(is_reopened=0),
        pd.DataFrame(truth, columns=["customer", "day", "slow", "bought", "would_have"]),
    )
