"""How well all that was known early ranks later good customers together: one model, judged on later first months."""

import numpy as np
import pandas as pd

from customerbase.prediction import bootstrap
from customerbase.prediction.models import Logit
from customerbase.segments.good.early import People

FEWEST = 20  # good customers that both the months learnt from and the months judged must hold
PENALTY = 0.1


def auc(people: People, *, share: float = 1 / 3) -> dict[str, float] | None:
    """AUC of a ridge logit on all drivers, learnt on the earlier first months and judged on the last `share` of customers.

    Whole months; value, low, high (bootstrap, 95 %), learnt and judged (customers). None where good customers are too few.
    Months judged are not those learnt from, but what was learnt became known only after they had begun: a list of that
    day could not have used it all.
    """
    month = pd.to_datetime(people.frame["cohort"]).to_numpy()
    order = np.sort(month)
    bound = order[int(len(order) * (1 - share))] if len(order) else None
    later = month >= bound if len(order) else np.zeros(0, dtype=bool)
    good = people.good.astype(float)
    if min(good[later].sum(), good[~later].sum()) < FEWEST:
        return None
    x = people.holds.astype(float)
    names = [driver.code for driver in people.drivers]
    model = Logit.fit(
        x[~later], good[~later], np.ones((~later).sum()), c=PENALTY, names=names, log=np.zeros(len(names), dtype=bool)
    )
    found = bootstrap.intervals(good[later], model.log_odds(x[later]), ["auc"]).loc["auc"]
    return {**found.astype(float).to_dict(), "learnt": int((~later).sum()), "judged": int(later.sum())}
