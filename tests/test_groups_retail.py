"""Online Retail II: two months of groups as measured; nobody is told of clear groups where there are none."""

from datetime import date

import pandas as pd
import pytest
import retail_tables
from group_bases import BESIDE

from customerbase.segments import clusters


@pytest.mark.slow
def test_online_retail_is_a_continuum_whose_divisions_go_on():
    db, results, before = retail_tables.snapshots(), [], clusters.Before()
    db.register("all_snapshots", db.query("select * from snapshots").to_arrow_table())
    for name, columns in BESIDE.items():
        db.register(name, pd.DataFrame(columns=list(columns)).astype(columns))
    for as_of, cutoff in ((date(2011, 10, 31), "2011-11-01"), (date(2011, 11, 30), "2011-12-01")):
        newest = db.query(f"select * from all_snapshots where cutoff = date '{cutoff}'")
        db.register("snapshots", newest.to_arrow_table())
        made = clusters.group(db, as_of=as_of, before=before)
        before = clusters.Before(made.groups, made.cards, made.choice, made.summary)
        results.append(made)
    then, now = results
    assert (then.clear, then.reason, now.clear, now.reason) == (False, "division", False, "kept")
    assert {"discount_share_365", "online_share"} <= {
        note.values.get("feature") for note in now.notes if note.code == "constant"
    }
    assert now.records()["ari_mean"] > 0.85 and now.records()["excess"] < 0.05
    assert set(now.summary["status"]) == {"kept"} and now.summary["overlap"].min() > 0.6
    best = now.summary.loc[now.summary["revenue_share"].idxmax()]
    assert best["revenue_share"] > 0.65 and best["share"] < 0.4 and "purchase_days_365:high" in best["label_code"]
