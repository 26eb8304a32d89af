"""The global control group: the keyed hash's people, quarters against it, and what is no effect of anything."""

from datetime import date

import campaign_world as world
import numpy as np
import pandas as pd
import pytest

import customerbase.campaigns.control as control
from customerbase.errors import ConfigError
from customerbase.features import customer_orders
from customerbase.holdout import held_out

SETTINGS = {"global_control": 0.2, "global_control_since": "2026-01"}
AS_OF = date(2026, 9, 30)


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, pd.DataFrame]:
    """People known since 2024 who buy in every quarter; from 2026 on those not held out spend 500 more."""
    random, n = np.random.default_rng(1), 3000
    ids = np.char.add("C", np.char.zfill(np.arange(n).astype(str), 6))
    held, rows = held_out(ids, 0.2, "global"), []
    for quarter in pd.date_range("2024-10-01", "2026-07-01", freq="QS"):
        more = 500 * (~held) * (quarter >= pd.Timestamp("2026-01-01"))
        total = (1000 + random.exponential(800, n) + more).round()
        rows.append(
            pd.DataFrame({"source_customer_id": ids, "order_at": quarter + pd.Timedelta(days=9), "total": total})
        )
    orders = pd.concat(rows, ignore_index=True).assign(source_system="web", status="completed", channel="web")
    orders["order_id"] = np.arange(len(orders)).astype(str)
    people = pd.DataFrame({"source_system": "web", "source_customer_id": ids, "customer_id": ids})
    return orders, people


def _table(shop, settings=SETTINGS, as_of=AS_OF) -> pd.DataFrame:
    db = world.engine(orders=shop[0], identity_links=shop[1])
    customer_orders(db, as_of=as_of)
    return control.control(db, settings, as_of=as_of)


def test_quarters_against_the_group_find_what_campaigns_brought_and_nothing_before(shop):
    table = _table(shop)
    assert table["before"].tolist() == [True] * 4 + [False] * 3
    after, before = table[~table["before"]], table[table["before"]]
    assert ((after["low"] < 500) & (after["high"] > 500)).all()
    assert ((before["low"] < 0) & (before["high"] > 0)).all()
    assert table["n_control"].iloc[0] == held_out(shop[1]["customer_id"], 0.2, "global").sum()
    assert before["cumulated"].isna().all()
    assert after["cumulated"].tolist() == pytest.approx(after["total"].cumsum().tolist())
    truth = 500 * after["n_others"].cumsum()
    assert ((after["cumulated_low"] < truth) & (truth < after["cumulated_high"])).all()
    assert not control.broken(table)


def test_a_quarter_that_is_not_over_is_marked(shop):
    assert _table(shop, as_of=date(2026, 8, 31))["whole"].tolist() == [True] * 6 + [False]


def test_a_share_that_was_not_the_one_drawn_is_found_out(shop):
    db = world.engine(orders=shop[0], identity_links=shop[1])
    customer_orders(db, as_of=AS_OF)
    table = control.control(db, SETTINGS, as_of=AS_OF)
    gone = table.assign(ratio_p=control.sample_ratio(table["n_others"], table["n_control"] // 2, 0.2))
    assert control.broken(gone)


def test_without_a_group_there_is_no_row_and_a_wrong_setting_is_named(shop):
    assert _table(shop, {}).empty
    assert _table(shop, {"global_control": 0}).empty
    with pytest.raises(ConfigError, match="a share held out is '5 %'"):
        control.share_of({"global_control": "5 %"})
    with pytest.raises(ConfigError, match="global_control_since is 'spring'"):
        control.since_of({"global_control_since": "spring"}, AS_OF)
    assert control.since_of({}, AS_OF) == date(2026, 1, 1)
    assert control.since_of({"global_control_since": date(2026, 2, 1)}, AS_OF) == date(2026, 2, 1)
