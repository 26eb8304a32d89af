"""NPS and CSAT by segment, channel and store: the answers of page 09, and no few people shown or given away."""

import numpy as np
import pandas as pd
import pytest
from test_kpi_facts import AS_OF, shop

from customerbase import kpi
from customerbase.features import answers, scales
from customerbase.satisfaction import trend

PROFILE = "customer_id varchar, has_email boolean, has_phone boolean, main_channel varchar, main_store varchar"


def surveyed(rows: list[tuple], homes: list[tuple] = ()):
    """A shop with these answers (account, question, asked, answered, scale, number, weight) and homes (account, channel, store)."""
    db = shop([("a", "2026-09-01", 10), ("a", "2026-10-01", 10)])
    db.execute(f"create table survey_answers ({answers._OPTIONAL['survey_answers']})")
    columns = "source_customer_id, question_id, asked_at, answered_at, scale, answer_num, weight"
    given = pd.DataFrame(rows, columns=columns.split(", ")).astype({"source_customer_id": "string"})
    db.register("given", given.assign(response_id=[f"{place:06}" for place in range(len(rows))]))
    db.execute(
        f"insert into survey_answers (source_system, survey_id, response_id, source_row_id, {columns})"
        f" select 's', 'S', response_id, response_id, {columns} from given"
    )
    db.execute(
        "create or replace view identity_links as select 's:' || who as customer_id, 's' as source_system, who as source_customer_id"
        " from (select 'a' as who union select distinct source_customer_id from survey_answers where source_customer_id is not null)"
    )
    db.execute(f"create table profile ({PROFILE})")
    db.register("homes", pd.DataFrame(homes, columns=["who", "channel", "store"]).astype("string"))
    db.execute("insert into profile select 's:' || who, true, true, channel, store from homes")
    return db


def answer(who, question, number, *, scale="nps", asked="2026-10-01", answered="2026-10-02", weight=None) -> tuple:
    return who, question, asked, answered, scale, number, weight


def by_part(db, k_min: int = 1, segments=None) -> dict:
    kpi.kpi_table(db, as_of=AS_OF, questions=SAID)
    table = kpi.kpi_by(db, as_of=AS_OF, k_min=k_min, questions=SAID, segments=segments).df()
    own = table[table["kpi"].isin(["nps", "csat"])]
    return {(row.dimension, row.kpi, row.part): row for row in own.itertuples()}


# --- one definition -----------------------------------------------------------------------------------------------------


ROWS = [
    answer("a", "q", 10), answer("b", "q", 2), answer("b", "q", 9, answered="2026-10-05"),  # of one wave the latest
    answer("c", "q", 11),  # off its scale
    answer(None, "q", 0),
    answer("a", "all", 5, scale="five"), answer("b", "all", 2, scale="five"), answer("c", "all", 4, scale="five"),
    answer("a", "ship", 1, scale="five"), answer("b", "ship", 1, scale="five"),  # an item
    answer("a", "other", 0), answer("b", "other", 0),  # a question from 0 to 10 that does not ask for recommendation
]  # fmt: skip
SAID = {"q": {"role": "nps"}, "all": {"role": "csat"}, "ship": {"role": "item"}, "other": {"role": "aside"}}


def test_only_the_questions_that_the_settings_name_count():
    table = kpi.kpi_table(surveyed(ROWS), as_of=AS_OF, questions=SAID).df()
    now = table[table["month"] == pd.Timestamp("2026-10-01")].set_index("kpi")
    assert (now.loc["nps", "value"], now.loc["nps", "n"]) == (pytest.approx(100 * (2 - 1) / 3), 3)
    assert (now.loc["csat", "value"], now.loc["csat", "n"]) == (pytest.approx(2 / 3), 3)


def test_without_settings_scale_and_name_decide_as_on_page_09():
    rows = [answer("a", "q", 10), answer("b", "q", 8), answer("a", "satisfaction", 5, scale="five"),
            answer("a", "ship", 1, scale="five")]  # fmt: skip
    now = kpi.kpi_table(surveyed(rows), as_of=AS_OF).df().set_index(["kpi", "month"])
    month = pd.Timestamp("2026-10-01")
    assert now.loc[("nps", month), ["value", "n"]].tolist() == [50, 2]
    assert now.loc[("csat", month), ["value", "n"]].tolist() == [1, 1]
    several = [answer("a", "one", 5, scale="five"), answer("a", "two", 1, scale="five")]  # none of two is guessed
    none = kpi.kpi_table(surveyed(several), as_of=AS_OF).df().set_index(["kpi", "month"])
    assert none.loc[("csat", month), "n"] == 0


def test_of_several_scales_one_stands_for_the_measure():
    asked = scales.questions(
        pd.DataFrame([("old", "seven"), ("new", "five"), ("q", "nps")], columns=["question_id", "scale"]),
        {"old": {"role": "csat"}, "new": {"role": "csat"}},
    )
    assert (scales.main_scale(asked, "csat"), scales.main_scale(asked, "nps"), scales.main_scale(asked, "ces")) == (
        "five",
        "nps",
        "",
    )
    rows = [answer("a", "old", 7, scale="seven"), answer("b", "new", 1, scale="five")]
    said = {"old": {"role": "csat"}, "new": {"role": "csat"}}
    now = kpi.kpi_table(surveyed(rows), as_of=AS_OF, questions=said).df().set_index(["kpi", "month"])
    assert now.loc[("csat", pd.Timestamp("2026-10-01")), ["value", "n"]].tolist() == [0, 1]


def test_every_month_of_page_09_is_the_kpi_with_weights_and_people_who_answer_twice():
    rng = np.random.default_rng(4)
    rows = []
    for month in (9, 10):  # the months of its sales
        for place in range(60):
            who, asked = f"c{rng.integers(40)}", f"2026-{month:02}-{1 + place % 20:02}"
            weight = float(rng.choice([0.5, 1.0, 2.0]))
            rows.append(answer(who, "q", int(rng.integers(0, 11)), asked=asked, answered=asked, weight=weight))
            rows.append(answer(who, "all", int(rng.integers(1, 6)), scale="five", asked=asked, answered=asked))
    db = surveyed(rows)
    board = kpi.kpi_table(db, as_of=AS_OF, questions=SAID).df().set_index(["kpi", "month"])
    page = trend.trend(answers.gather(db, as_of=AS_OF, settings=SAID).frame, as_of=AS_OF)
    for measure in ("nps", "csat"):
        own = page[page["measure"] == measure]
        assert len(own) >= 2
        for row in own.to_dict("records"):
            theirs = board.loc[(measure, pd.Timestamp(row["month"]))]
            assert theirs["n"] == row["n"] and theirs["value"] == pytest.approx(row["value"], abs=1e-4)


# --- by part ------------------------------------------------------------------------------------------------------------


def test_parts_by_hand():
    rows = [answer("a", "q", 10), answer("b", "q", 9), answer("c", "q", 3), answer("d", "q", 7), answer(None, "q", 0)]
    rows += [answer("a", "q", 0, asked="2026-09-01", answered="2026-09-02")]  # a month that is not told by part
    homes = [("a", "web", None), ("b", "store", "1"), ("c", "store", "1")]
    members = pd.DataFrame({"customer_id": ["s:a", "s:b"], "segment": ["champions", "champions"]})
    got = by_part(surveyed(rows, homes), segments=members)
    assert {key: (row.value, row.n) for key, row in got.items()} == {
        ("channel", "nps", "web"): (100, 1), ("channel", "nps", "store"): (0, 2), ("channel", "nps", "unknown"): (0, 1),
        ("channel", "nps", "anonymous"): (-100, 1), ("store", "nps", "1"): (0, 2), ("store", "nps", "none"): (50, 2),
        ("store", "nps", "anonymous"): (-100, 1), ("segment", "nps", "champions"): (100, 2),
        ("segment", "nps", "not_yet"): (-50, 2), ("segment", "nps", "anonymous"): (-100, 1),
    }  # fmt: skip
    assert all(row.low < row.high and row.low <= row.value <= row.high for row in got.values())
    assert {row.month for row in got.values()} == {pd.Timestamp("2026-10-01")}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_few_people_are_shown_and_the_total_gives_none_back(seed):
    rng, rows, homes = np.random.default_rng(seed), [], []
    for place in range(400):
        who, store = f"c{place}", str(min(rng.geometric(0.4), 8))
        homes.append((who, "store", store))
        rows.append(answer(who, "q", int(rng.integers(0, 11))))
        rows.append(answer(who, "all", int(rng.integers(2, 6)), scale="five"))
    db = surveyed(rows, homes)
    true, shown = by_part(db), by_part(db, k_min=10)
    assert set(true) == set(shown)
    for measure in ("nps", "csat"):
        known = {part: row for (of, one, part), row in true.items() if (of, one) == ("store", measure)}
        hidden = {part for part in known if shown["store", measure, part].withheld}
        assert {part for part, row in known.items() if row.n < 10} <= hidden < set(known)
        counts = [[row.n, *((row.value * row.n, row.n - row.value * row.n) if measure == "csat" else ())] for row in known.values()]  # fmt: skip
        for side in zip(*np.round(np.array(counts, dtype=float)).tolist(), strict=True):
            unknown = [one for part, one in zip(known, side, strict=True) if part in hidden]
            assert (
                sum(one > 0 for one in unknown) >= 2 and sum(unknown) >= 10
            )  # what the total less the shown parts tells
            assert all(one == 0 or one >= 10 for part, one in zip(known, side, strict=True) if part not in hidden)
        withheld = [shown["store", measure, part] for part in hidden]
        assert all(pd.isna(row.value) and pd.isna(row.n) and pd.isna(row.low) for row in withheld)


def test_a_window_less_the_newest_month_names_nobody():
    """Page 09 tells of the same stores in twelve months: what of them came before this month follows from both."""
    rows, homes = [], []
    for store, (before, now) in {"1": (1, 30), "2": (20, 30), "3": (0, 30), "4": (20, 30)}.items():
        people = [f"{store}-{place}" for place in range(before + now)]
        homes += [(who, "store", store) for who in people]
        days = [f"2026-{'09' if place < before else '10'}-02" for place in range(len(people))]
        rows += [answer(who, "q", 9, asked=day, answered=day) for who, day in zip(people, days, strict=True)]
    got = by_part(surveyed(rows, homes), k_min=10)
    hidden = {part for (of, _, part), row in got.items() if of == "store" and row.withheld}
    assert "1" in hidden and len(hidden) == 2 and "3" not in hidden  # nobody of store 3 came before: nothing follows


def test_a_company_without_surveys_has_no_such_rows():
    db = shop([("a", "2026-10-01", 10)])
    kpi.kpi_table(db, as_of=AS_OF)
    table = kpi.kpi_by(db, as_of=AS_OF).df()
    assert len(table) and not table["kpi"].isin(["nps", "csat"]).any()
