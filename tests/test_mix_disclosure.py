"""What page 07d shows of the mix gives nobody few away: an attacker with all of it solves for the smallest cells."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linprog
from test_mix import frame

from customerbase.disclosure import pool, pool_within
from customerbase.segments.mix import behaviour, shift
from customerbase.segments.mix.people import LAST_MONTH, LAST_YEAR, NOW, REST, SHOWN_OF_ALL, People, regions

AS_OF, K = date(2026, 10, 31), 10


@settings(max_examples=150, deadline=None)
@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(1, 8), st.integers(1, 4)),
        elements=st.one_of(st.integers(0, 12), st.integers(0, 90)),
    )
)
def test_the_pooled_row_hides_its_small_cells_in_every_column(counts):
    mask = pool(counts, K)
    assert mask[((counts > 0) & (counts < K)).any(axis=1)].all()
    if mask.all():
        return  # nothing is shown but the total
    rest = counts[mask].sum(axis=0)
    assert ((rest == 0) | (rest >= K)).all()
    small = ((counts[mask] > 0) & (counts[mask] < K)).any(axis=0)
    assert ((counts[mask] > 0).sum(axis=0)[small] >= 2).all()
    assert not pool(np.where(counts < K, 0, counts), K).any()  # nothing without need


def test_a_prefecture_does_not_follow_from_its_region():
    counts = np.array([[80], [35], [5], [40], [30]])
    groups = np.array(["kinki", "kinki", "kinki", "kanto", "kanto"], dtype=object)
    assert pool_within(counts, K, groups, set()).tolist() == [False, True, True, False, False]
    assert pool_within(counts, K, groups, {"kanto"}).tolist() == [False, True, True, True, True]


def crowd(seed: int) -> People:
    """Customers of three months with many small values; most are active in several months."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(150, 500))
    names = ["東京都", "神奈川県", "大阪府", "京都府", "奈良県", "福岡県", "佐賀県", "Bavaria", "unknown"]
    prefecture = rng.choice(names, n, p=rng.dirichlet(np.full(9, 0.6)))
    age = rng.choice(["20-29", "30-39", "40-49", "50-59", "70+"], n, p=rng.dirichlet(np.full(5, 0.7)))
    ids, windows = np.array([f"C{place:04}" for place in range(n)]), {}
    held = rng.random(n) < 0.75
    for window in (NOW, LAST_MONTH, LAST_YEAR):
        channel = rng.choice(["store", "web", "app"], n, p=[0.75, 0.2, 0.05])
        region = np.array([regions().get(name, name) for name in prefecture], dtype=object)
        values = {"channel": channel, "age_band": age, "region": region, "prefecture": prefecture}
        windows[window] = frame(rng, ids[held], **{name: value[held] for name, value in values.items()})
        held = np.where(rng.random(n) < 0.15, rng.random(n) < 0.75, held)
    gone = ~np.isin(ids, windows[NOW].index)
    others = pd.DataFrame({"age_band": age[gone], "prefecture": prefecture[gone]}, index=ids[gone])
    others["region"] = [regions().get(name, name) for name in others["prefecture"]]
    return People(windows, others, K)


class Attack:
    """All that is shown, as equations and bounds of the counts that are not: whole numbers of nobody or more."""

    def __init__(self, people: People):
        self.people, self.names, self.equal, self.least = people, {}, [], []
        made, _ = shift.table(people, as_of=AS_OF)
        told = behaviour.table(people, as_of=AS_OF)
        self.values = {name: people.hidden(name).index.tolist() for name in people.attributes}
        for attribute in people.attributes:
            rows = made[made["attribute"] == attribute]
            for against in (LAST_MONTH, LAST_YEAR):
                mine = rows[rows["against"] == against].set_index("value")
                self._shown(attribute, NOW, mine["customers"])
                self._shown(attribute, against, mine["customers_before"])
            self._page_four(attribute, set(rows["value"]))
            self._behaviour(attribute, told)
        if {"region", "prefecture"} <= set(people.attributes):
            self._regions()

    def _at(self, *key: str) -> int:
        return self.names.setdefault(key, len(self.names))

    def _sum(self, keys: list[tuple], total: float) -> None:
        self.equal.append(({self._at(*key): 1.0 for key in keys}, float(total)))

    def _shown(self, attribute: str, window: str, counts: pd.Series) -> None:
        for value in (value for value in self.values[attribute] if value in counts.index):
            self._sum([(attribute, value, window)], counts[value])
        everything = [(attribute, value, window) for value in self.values[attribute]]
        self._sum(everything, counts.sum())
        hidden = [key for key in everything if key[1] not in counts.index]
        for key in hidden if REST not in counts.index else []:
            self._sum([key], 0)  # rows without a customer are left out

    def _page_four(self, attribute: str, shown: set) -> None:
        """Page 04 may show of a value how many customers ever had it: who is active no more follows."""
        if attribute in SHOWN_OF_ALL:
            ever = pd.concat([self.people.now[attribute], self.people.others[attribute]]).value_counts()
            for value in shown & set(ever.index):
                self._sum([(attribute, value, NOW), (attribute, value, "gone")], ever[value])

    def _behaviour(self, attribute: str, told: pd.DataFrame) -> None:
        for measure, rows in told[told["attribute"].isin([attribute, "all"])].groupby("measure"):
            rows = rows.set_index("value")
            amount = rows["n"] * (rows["estimate"] if measure == "repeat_share" else 1)
            if measure in ("orders", "basket"):
                continue
            values = self.values[attribute]
            self._sum([(attribute, value, measure) for value in values], amount["all"])
            for value in values:
                if value in amount.index:
                    self._sum([(attribute, value, measure)], amount[value])
                self.least.append({self._at(attribute, value, measure): 1.0, self._at(attribute, value, NOW): -1.0})
        orders = told[(told["attribute"] == attribute) & (told["measure"] == "orders")].set_index("value")
        for value in (value for value in orders.index if value != REST):  # who bought again has one order more at least
            more = round(float(orders.loc[value, "estimate"] * orders.loc[value, "n"])) - int(orders.loc[value, "n"])
            self.least.append(({self._at(attribute, value, "repeat_share"): 1.0}, float(more)))

    def _regions(self) -> None:
        for window in self.people.windows:
            for region in self.values["region"]:
                members = [name for name in self.values["prefecture"] if regions().get(name, name) == region]
                keys = {self._at("prefecture", name, window): 1.0 for name in members}
                self.equal.append((keys | {self._at("region", region, window): -1.0}, 0.0))

    def width(self, *key: str, minus: tuple | None = None) -> float:
        """How far a count (less another) may vary while everything shown stays as it is."""
        size = len(self.names)
        aim = np.zeros(size)
        aim[self._at(*key)] = 1.0
        if minus:
            aim[self._at(*key)], aim[self._at(*minus)] = -1.0, 1.0
        bounded = [row if isinstance(row, tuple) else (row, 0.0) for row in self.least]
        equal, least = (np.zeros((len(rows), size)) for rows in (self.equal, bounded))
        for matrix, rows in ((equal, self.equal), (least, bounded)):
            for place, (terms, _) in enumerate(rows):
                matrix[place, list(terms)] = list(terms.values())
        sides = {
            "A_eq": equal,
            "b_eq": [total for _, total in self.equal],
            "A_ub": least,
            "b_ub": [end for _, end in bounded],
        }
        low, high = (linprog(sign * aim, **sides, method="highs") for sign in (1, -1))
        assert low.success and high.success, (low.message, high.message)
        return -high.fun - low.fun


@pytest.mark.parametrize("seed", range(8))
def test_no_small_cell_follows_from_all_that_is_shown(seed):
    people = crowd(seed)
    attack, tried = Attack(people), 0
    for attribute in people.attributes:
        for window, part in people.windows.items():
            for value, count in part[attribute].value_counts().items():
                if count < K:
                    tried += 1
                    assert attack.width(attribute, value, window) >= K, (attribute, value, window, count)
        again = people.now.assign(
            repeat_share=people.now["orders"] > 1, **{name: people.now[name].notna() for name in behaviour.ANSWERS}
        )
        for measure in ("repeat_share", *behaviour.ANSWERS):
            for value, holds in again.groupby(attribute)[measure]:
                if 0 < holds.sum() < K and (attribute, value, measure) in attack.names:
                    tried += 1
                    assert attack.width(attribute, value, measure) >= min(K, len(holds)), (attribute, value, measure)
    assert tried > 5


def test_the_attack_finds_what_plain_suppression_would_give_away():
    people = crowd(3)
    careless = People(people.windows, people.others, 0)  # every count as it is
    attack = Attack(careless)
    part = people.now["prefecture"].value_counts()
    small = [value for value, count in part.items() if count < K]
    assert small and all(attack.width("prefecture", value, NOW) == 0 for value in small)


@pytest.mark.parametrize("seed", range(20))
def test_every_count_shown_is_nobody_or_at_least_k(seed):
    people = crowd(seed)
    made, _ = shift.table(people, as_of=AS_OF)
    told = behaviour.table(people, as_of=AS_OF)
    for counts in (made["customers"], made["customers_before"], told["n"], told["customers"]):
        assert ((counts == 0) | (counts >= K)).all()
    again = told[told["measure"] == "repeat_share"]
    yes = (again["estimate"] * again["n"]).round()
    assert (((yes == 0) | (yes >= K)) & ((again["n"] - yes == 0) | (again["n"] - yes >= K))).all()
    assert (made.groupby(["attribute", "against"])["customers"].sum() == len(people.now)).all()
    for (attribute, measure), rows in told[told["attribute"] != "all"].groupby(["attribute", "measure"]):
        whole = told[(told["attribute"] == "all") & (told["measure"] == measure)]["n"].iloc[0]
        assert rows["n"].sum() == whole, (attribute, measure)
