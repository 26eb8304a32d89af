"""Windows to learn from: whose labels are complete, how many rows, the same of each; nothing later is read."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from prediction_tables import company, quick_rhythm

from customerbase.periods import add_months
from customerbase.prediction import design
from customerbase.prediction.rhythm import rhythms
from customerbase.prediction.windows import completed, digest


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick_rhythm(monkeypatch)


def windows(made, until=None, db=None, **options) -> list:
    db = db or made.engine()
    until = until or made.cutoff
    return completed(db, rhythms(db, until), horizon_days=30, until=until, **options)


def test_only_windows_that_have_ended_the_oldest_first():
    made = company(months=6, customers=40)
    newest = made.labels["cutoff"].max()
    found = windows(made)
    assert [one.cutoff for one in found] == sorted(made.labels["cutoff"].unique())
    assert all(one.ends == one.cutoff + timedelta(days=30) for one in found)
    assert windows(made, newest + timedelta(days=30))[-1].cutoff == newest
    assert windows(made, newest + timedelta(days=29))[-1].cutoff == add_months(newest, -1)
    assert windows(made, made.labels["cutoff"].min()) == []


def test_a_window_holds_the_rows_and_labels_of_its_customers():
    made = company(months=4, customers=50)
    db = made.engine()
    for one in windows(made, db=db):
        rows = made.snapshots[made.snapshots["cutoff"] == one.cutoff].sort_values("customer_id")
        labels = made.labels[made.labels["cutoff"] == one.cutoff].sort_values("customer_id")
        assert one.who.tolist() == rows["customer_id"].tolist() and len(one) == one.customers == 50
        for place, name in enumerate(design.names()[:-1]):
            expected = rows[name].to_numpy(float) if name in rows else np.full(50, np.nan)
            assert one.x[:, place] == pytest.approx(expected, rel=1e-15, nan_ok=True), name
        assert one.event(leaving=False).tolist() == labels["bought"].astype(float).tolist()
        assert one.event(leaving=True).tolist() == (~labels["bought"]).astype(float).tolist()
        assert one.days.tolist() == labels["days_to_purchase"].tolist()
        repeats, tenure = rows["purchase_days"] - 1, rows["days_since_first_purchase"]
        assert one.x[:, -1] == pytest.approx(30 * (repeats + 0.5) / (tenure + 60))


def test_too_many_rows_are_drawn_by_the_same_share_of_each_window():
    made = company(months=7, customers=400)
    whole = windows(made)
    found = windows(made, most=600)
    assert [one.customers for one in found] == [400] * 6 == [len(one) for one in whole]
    assert sum(map(len, found)) == pytest.approx(600, abs=4 * np.sqrt(600 * 0.75))
    for one in found:
        assert len(one) == pytest.approx(100, abs=4 * np.sqrt(400 * 0.25 * 0.75))
    drawn = [set(one.who) for one in found]
    assert drawn[0] != drawn[1]  # another draw every month
    assert [set(one.who) for one in windows(made, most=600)] == drawn
    fewer = windows(made, most=300)
    assert all(set(one.who) <= more for one, more in zip(fewer, drawn, strict=True))


def test_the_digest_is_the_share_of_all_of_them():
    assert digest(1.0) == digest(7.0) == "g" > "f" * 16
    assert digest(0.5) == "800000000000" and digest(1 / 256) == "010000000000"
    assert digest(0.0) == "000000000000"


def test_the_first_months_of_a_shop_are_left_out_while_eight_others_remain():
    made = company(months=16, customers=30)
    cutoffs = sorted(made.labels["cutoff"].unique())
    rows = made.snapshots.copy()
    since = np.array([(cutoff - cutoffs[0]).days for cutoff in rows["cutoff"]])
    rows["days_since_first_purchase"] = since + 20  # the first purchase of all: twenty days before the first cutoff
    rows["days_since_last_purchase"] = np.minimum(rows["days_since_last_purchase"], since + 20)
    rows["purchase_days"] = np.where(rows["days_since_last_purchase"] == since + 20, 1, 2)
    found = windows(made, db=made.engine(rows))
    opened = cutoffs[0] - timedelta(days=20)
    assert [one.cutoff for one in found] == [one for one in cutoffs if (one - opened).days >= 180]
    until = cutoffs[12]
    assert len(windows(made, until, made.engine(rows))) == 12  # too few would remain
    later = rows.iloc[:1].assign(customer_id="old", cutoff=add_months(made.cutoff, 1), days_since_first_purchase=9000)
    again = windows(made, db=made.engine(pd.concat([rows, later])))
    assert [one.cutoff for one in again] == [one.cutoff for one in found]


def test_no_label_of_the_horizon_no_window():
    made = company(months=4, customers=20)
    db = made.engine()
    assert completed(db, rhythms(db, made.cutoff), horizon_days=7, until=made.cutoff) == []
    assert windows(made, date(2000, 1, 1)) == []
