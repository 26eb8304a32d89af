"""What the report withholds in one place it shows in no other."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from customerbase import disclosure, report, segments
from customerbase.report import figures


def data(rows):
    table = pd.DataFrame(rows, columns=["from_segment", "to_segment", "customers"])
    return report.ReportData(
        title={"ja": "店", "en": "Shop"}, pipeline="p", as_of=date(2026, 10, 31), tables={"segment_migration": table},
        settings={"k_min": 10}, goals={}, run_id="r", data_until=date(2026, 10, 31),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_the_list_of_movements_names_only_what_the_heat_map_shows(seed):
    random = np.random.default_rng(seed)
    codes = segments.codes()[:5]
    rows = [(a, b, int(n)) for a in codes for b in codes if (n := random.integers(0, 60)) > 3]
    one = data(rows)
    counts = pd.DataFrame(0, index=codes, columns=codes)
    for a, b, n in rows:
        counts.loc[a, b] = n
    counts = counts.loc[counts.any(axis=1), counts.any(axis=0)]
    hidden = pd.DataFrame(disclosure.suppress(counts.to_numpy(), 10), index=counts.index, columns=counts.columns)
    names = {segments.name(code, "en"): code for code in codes}
    for move in figures.moves(one, "en"):
        a, b = names[move["origin"]], names[move["target"]]
        assert not hidden.loc[a, b]
        assert move["customers"] == str(counts.loc[a, b])
