"""An attacker who reads the whole page Segments under all its choices, in both languages, learns no small count."""

import numpy as np
import pandas as pd
import pytest
import segments_attack
from movement_tables import AS_OF, memory, shop, stationary
from segments_attack import NEW, K, company, secrets, shown

from customerbase import rfm, segments
from customerbase.segments.movement import beside, grids

KINDS = {"size", "map", "attribute", "risk", "move", "came between"}


def learnt(seed: int, each: int, months: tuple[int, ...]) -> None:
    """Solve for small counts of every kind; what is told of each is no more than that it is below k."""
    of = company(seed, months=months)
    attack, tried = shown(of), 0
    for kind, small in secrets(of).items():
        chosen = [small[place] for place in np.random.default_rng(seed).permutation(len(small))[:each]]
        for (target, count), (low, high) in zip(chosen, attack.widths([one for one, _ in chosen]), strict=True):
            assert low <= count <= high, "what was read from the page is not true"
            assert high - low >= K or (low <= 1 and high >= K - 1), (kind, target, count, low, high)
            tried += 1
    assert tried > 3 * each and set(secrets(of)) <= KINDS


def test_no_small_count_follows_from_all_that_the_page_shows():
    learnt(1, 6, (1, 2, 3, 6, 12))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_no_small_count_follows_in_other_companies(seed):
    learnt(seed, 25, (1, 2, 3, 4, 5, 6, 9, 12, 17))


def test_the_attack_finds_a_movement_that_is_not_protected(monkeypatch):
    """Were small cells withheld and no others, the sizes would give some back."""

    def careless(counts, k_min, also=None, known=None):
        return (counts > 0) & (counts < k_min)

    monkeypatch.setattr(grids, "suppress", careless)
    of = company(1, months=(1, 2))
    attack, small = shown(of, ("en",)), secrets(of)["move"]
    found = attack.widths([target for target, _ in small[:12]])
    assert min(high - low for low, high in found) < K


# --- newcomers of spans of different lengths ------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=range(3))
def spans(request) -> pd.DataFrame:
    """The table migration of a small company, over 1 to 24 months."""
    db = shop(stationary(request.param, 150 + 150 * request.param, 26))
    rule = rfm.rule(db, as_of=AS_OF)
    memory(db, segments.assign(rule.ranks(db, AS_OF)))
    return segments.movement.movement(db, rule, as_of=AS_OF, spans=(1,)).tables()["migration"]


def newcomers(cells: pd.DataFrame) -> dict[str, int]:
    shown_cells = grids.shown(cells, K)
    rows = shown_cells[shown_cells["from_segment"] == NEW]
    return dict(zip(rows["to_segment"], rows["customers"], strict=True))


def told_between(found: dict[int, pd.DataFrame]) -> set[int]:
    """What spans less other spans tell of who came in between, by segment."""
    told = {months: newcomers(cells) for months, cells in found.items()}
    return {
        abs(int(told[a][code] - told[b][code])) for a in told for b in told if a < b for code in {*told[a]} & {*told[b]}
    }


def test_spans_less_each_other_tell_of_nobody_or_of_many(spans):
    each = {int(months): grids.of(spans, months) for months in sorted({*spans["months"]})}
    assert any(0 < count < K for count in told_between(each))  # each for itself would not do
    found = beside.spans(spans, K)
    assert len(found) >= 10
    assert all(count == 0 or count >= K for count in told_between(found))


def test_the_number_of_all_newcomers_tells_of_nobody_or_of_many(spans):
    found = beside.spans(spans, K)
    rows = {months: cells[cells["from_segment"] == NEW]["customers"].sum() for months, cells in found.items()}
    assert all(rows[a] == rows[b] or abs(rows[a] - rows[b]) >= K for a in rows for b in rows)
    assert {1, *found} == {*found}  # what the report shows stays


def test_a_withheld_number_does_not_stand_between_two_equal_ones(spans):
    found = beside.spans(spans, K)
    told = {months: newcomers(cells) for months, cells in found.items()}
    for months, cells in found.items():
        rows = cells[(cells["from_segment"] == NEW) & (cells["customers"] > 0)]
        for code, count in zip(rows["to_segment"], rows["customers"], strict=True):
            if code not in told[months]:
                assert not any(other.get(code) == count for other in told.values()), (months, code)


def test_companies_of_the_attack_are_what_they_say():
    of = company(1, months=(1, 2))
    assert of.people["segment"].value_counts().sum() == of.world.tables["rfm"]["customers"].sum()
    moves = grids.of(of.world.tables["migration"], 2)
    plain = pd.crosstab(of.then[2], of.people["segment"])
    for row in moves[moves["customers"] > 0].itertuples():
        assert plain.loc[row.from_segment, row.to_segment] == row.customers
    assert of.world.k_min == segments_attack.K
