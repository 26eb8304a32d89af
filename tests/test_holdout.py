"""Who is held out: the share, the same people again, independence of two keys, and SQL that says the same."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase import holdout
from customerbase.engine import Engine, translate
from customerbase.errors import ConfigError

IDS = [f"c{number:07d}" for number in range(40_000)]
SQL = "select customer_id, substring(sha256(concat($key, ':', customer_id)), 1, 16) < $below as held_out from people"


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5, 1.0])
def test_the_share_is_as_asked(share):
    error = 4 * (share * (1 - share) / len(IDS)) ** 0.5
    assert abs(holdout.held_out(IDS, share, "spring").mean() - share) <= error


def test_two_keys_draw_independently():
    first, second = (holdout.held_out(IDS, 0.2, key) for key in ("spring", "summer"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / len(IDS) ** 0.5


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_keeps_whom_a_smaller_one_held_out(one, other):
    low, high = sorted((one, other))
    ids = IDS[:300]
    assert not (holdout.held_out(ids, low, "k") & ~holdout.held_out(ids, high, "k")).any()


def test_it_is_the_hash_it_says():
    assert holdout.digests(["顧客1"], "鍵") == [hashlib.sha256("鍵:顧客1".encode()).hexdigest()[:16]]
    assert (holdout.bound(0.0), holdout.bound(0.5)) == ("0" * 16, "8" + "0" * 15)


def test_sql_says_the_same_and_has_a_form_for_spark():
    db = Engine()
    db.register("people", pd.DataFrame({"customer_id": IDS}))
    found = db.query(SQL, key="春", below=holdout.bound(0.1)).df().set_index("customer_id")["held_out"].reindex(IDS)
    assert (found.to_numpy() == holdout.held_out(IDS, 0.1, "春")).all()
    assert "SHA2(" in translate(SQL.replace("$key", "'k'").replace("$below", "'8'"))


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan"), True, "0.1", None])
def test_a_share_that_cannot_be_is_refused(share):
    with pytest.raises(ConfigError, match="expected a number from 0 to 1"):
        holdout.bound(share)
