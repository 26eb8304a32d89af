"""The ledger of actions: what people write, what may not be, its links, and what became of it, by hand."""

import csv
import io
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase import kpi
from customerbase.errors import InputError
from customerbase.intervals import difference
from customerbase.kpi.ledger import (
    HEADER,
    Entry,
    add_entry,
    change_entry,
    inert,
    next_id,
    plain,
    read_ledger,
)
from customerbase.kpi.ledger_links import broken, named_runs
from customerbase.kpi.pdca import COLUMNS, pdca
from customerbase.tables import schema

JUNE, AUGUST, OCTOBER = "aaaaaaaaaaa6", "aaaaaaaaaaa8", "aaaaaaaaaa10"
RUNS = {JUNE: "2026-06", AUGUST: "2026-08", OCTOBER: "2026-10"}
AS_OF = date(2026, 10, 31)
FULL = Entry(
    "A1", "vouchers bring back", "send a voucher", "CRM", date(2026, 7, 10), date(2026, 9, 30), "repeat_rate", "+2 points",
    "done", "went up", "keep it", JUNE, date(2026, 7, 3), OCTOBER,
)  # fmt: skip


def entry(**changes) -> Entry:
    return Entry(**{name: getattr(FULL, name) for name in HEADER} | changes)


def text(*rows: str, head: str = ",".join(HEADER)) -> str:
    return "\n".join([head, *rows]) + "\n"


PLAIN = "A1,h,a,CRM,2026-07-10,2026-09-30,repeat_rate,,planned,,,,,"


# --- reading and writing ---------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again():
    assert read_ledger(add_entry("", FULL)) == [FULL]


def test_japanese_headings_states_days_and_kpis_in_any_order():
    head = "状態,指標,担当,施策,仮説,番号,期限,開始日,決定日,決定した実行"
    [found] = read_ledger(
        text(
            f"実施中,リピート率,佐藤,クーポン,誕生日は反応がよい,A7,2026年9月30日,2026/7/1,２０２６-07-03,{JUNE}",
            head=head,
        )
    )
    assert (found.id, found.kpi, found.status, found.owner) == ("A7", "repeat_rate", "doing", "佐藤")
    assert (found.start, found.due, found.decided_on) == (date(2026, 7, 1), date(2026, 9, 30), date(2026, 7, 3))


def test_empty_lines_comments_and_missing_columns_are_left_alone():
    found = read_ledger("# the ledger\n\nid,hypothesis,action,owner\n\n# more, here\nA1,h,a,o\n")
    assert found == [Entry("A1", "h", "a", "o")]
    assert read_ledger("") == read_ledger("\ufeff\n# nothing\n") == []


def test_a_cell_of_several_lines_is_one_line():
    assert read_ledger(text('A1,"two\nlines\there",a,o,,,,,,,,,,'))[0].hypothesis == "two lines here"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            text(PLAIN, head=",".join(HEADER).replace("owner", "ownr")),
            "line 1: unknown heading 'ownr'.*Did you mean 'owner'",
        ),
        ("id,hypothesis,action\nA1,h,a\n", "line 1: no column 'owner'"),
        ("id,番号,hypothesis,action,owner\n", "two columns are 'id'"),
        (text(PLAIN, PLAIN), "line 3: id 'A1' stands on line 2 already"),
        (text("A1,,a,o,,,,,,,,,,"), "line 2: hypothesis is empty"),
        (text("A1,h,a,o,soon,,,,,,,,,"), "start is 'soon'; expected a day as YYYY-MM-DD"),
        (text("A1,h,a,o,2026-02-30,,,,,,,,,"), "start is '2026-02-30'"),
        (text("A1,h,a,o,2026-07-10,2026-07-01,,,,,,,,"), "due 2026-07-01 is before start 2026-07-10"),
        (text("A1,h,a,o,,,repeat_rat,,,,,,,"), "kpi is 'repeat_rat'; .*Did you mean 'repeat_rate'"),
        (
            text("A1,h,a,o,,,,,dong,,,,,"),
            "status is 'dong'; expected planned, doing, done, stopped. Did you mean 'doing'",
        ),
        (text("A1,h,a,o,,,,,,,,,,,,,and more"), "17 fields; expected 16"),
        (text(f"A1,{'x' * 501},a,o,,,,,,,,,,"), "hypothesis has 501 characters; expected at most 500"),
        (text('A1,"h,a,o'), "not CSV"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(written, said):
    with pytest.raises(InputError, match=f"shop.csv, line .*{said}|shop.csv.*{said}"):
        read_ledger(written, "shop.csv")


def test_adding_and_changing_leave_the_other_lines_alone():
    before = '# ours\r\n施策,番号,担当,仮説,自由欄\r\n"a, b",A1,佐藤,h,\r\n'
    with pytest.raises(InputError, match="unknown heading '自由欄'"):
        add_entry(before, entry(id="A2"))
    before = before.replace(",自由欄", "").replace(",h,\r\n", ",h\r\n")
    after = add_entry(before, entry(id="A2"))
    lines = after.split("\r\n")
    assert lines[0] == "# ours" and lines[2].startswith('"a, b",A1,佐藤,h')
    assert [one.id for one in read_ledger(after)] == ["A1", "A2"]
    changed = change_entry(after, "A1", {"status": "stopped", "result": "nothing"})
    one, two = read_ledger(changed)
    assert (one.action, one.status, one.result) == ("a, b", "stopped", "nothing") and two == entry(id="A2")
    with pytest.raises(InputError, match=r"no entry 'A11'. Did you mean 'A1'"):
        change_entry(after, "A11", {"status": "done"})
    with pytest.raises(InputError, match="id 'A1' stands on line"):
        add_entry(after, FULL)


@pytest.mark.parametrize("formula", ["=1+1", "+81 3", "-5 %", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_no_cell_is_a_formula_and_comes_back_as_it_was(formula):
    written = add_entry("", entry(action=formula, result=formula))
    cells = [cell for row in csv.reader(io.StringIO(written)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert read_ledger(written)[0].action == formula


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_any_text_comes_back_as_one_harmless_line(hypothesis, action):
    tried = entry(hypothesis=hypothesis, action=action)
    try:
        [found] = read_ledger(add_entry("", tried))
    except InputError as error:
        assert "is empty" in str(error)
        return
    assert found.hypothesis == plain(inert(hypothesis)) and found.action == plain(inert(action))
    assert found.action.isprintable() or all(
        sign.isprintable() or sign == " " or ord(sign) > 127 for sign in found.action
    )
    [again] = read_ledger(add_entry("", found))
    assert again == found


def test_ids_count_on():
    assert next_id([]) == "A1" and next_id([entry(id="A9"), entry(id="B40"), entry(id="A10")]) == "A11"


# --- links -----------------------------------------------------------------------------------------------------------


def test_whole_links_are_no_fault():
    assert broken([FULL, Entry("P", "h", "a", "o")], RUNS) == []
    assert broken([entry(decided_in=f"{JUNE}-2")], RUNS) == []  # a run that was forced a second time
    assert named_runs([FULL, Entry("P", "h", "a", "o")], RUNS) == {JUNE: "2026-06", OCTOBER: "2026-10"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"decided_in": "aaaaaaaaaa66"},
            "decided_in is 'aaaaaaaaaa66', but there is no such run (3 runs are kept). Did you mean",
        ),
        ({"decided_in": "../../etc"}, "there is no such run"),
        ({"checked_in": "0123456789ab"}, "checked_in is '0123456789ab', but there is no such run"),
        (
            {"decided_in": "", "status": "doing", "result": "", "decision": "", "checked_in": ""},
            "is doing, but decided_in is empty",
        ),
        ({"checked_in": ""}, "has a result, but checked_in is empty"),
        ({"decided_on": None}, "decided_on is empty"),
        ({"decided_in": AUGUST}, f"decided_in is '{AUGUST}', a run of 2026-08, after decided_on 2026-07-03"),
        ({"decided_in": AUGUST, "decided_on": date(2026, 9, 3), "checked_in": JUNE}, "before it was decided (2026-08)"),
    ],
)
def test_broken_links_are_named(changes, said):
    [fault] = broken([entry(**changes)], RUNS)
    assert fault.startswith("entry 'A1'") and said in fault


def test_without_any_run_nothing_can_have_been_decided():
    assert len(broken([FULL], {})) == 2 and "no run is kept" in broken([FULL], {})[0]


# --- what became of it -----------------------------------------------------------------------------------------------


def kpis(**values: float) -> pd.DataFrame:
    """repeat_rate of the months given as m06=0.4, each with an interval of 0.05 to both sides."""
    rows = [("repeat_rate", date(2026, int(name[1:]), 1), value) for name, value in values.items()]
    frame = pd.DataFrame(rows, columns=["kpi", "month", "value"])
    return frame.assign(n=300, low=frame["value"] - 0.05, high=frame["value"] + 0.05)


def row(found: Entry, table: pd.DataFrame | None = None, as_of: date = AS_OF) -> dict:
    [made] = pdca([found], kpis() if table is None else table, RUNS, as_of=as_of).to_dict("records")
    return made


def test_the_columns_are_those_declared():
    assert set(COLUMNS) == set(schema("pdca").columns)


def test_a_finished_action_is_compared_between_the_month_before_it_and_the_one_it_was_checked_in():
    table = kpis(m06=0.40, m07=0.44, m08=0.46, m09=0.50, m10=0.58)
    found = row(FULL, table)
    assert (found["before_month"], found["now_month"]) == (date(2026, 6, 1), date(2026, 10, 1))
    assert found["change"] == pytest.approx(0.18)
    low, high = difference(0.58, 0.53, 0.63, 0.40, 0.35, 0.45)
    assert (found["change_low"], found["change_high"]) == (pytest.approx(float(low)), pytest.approx(float(high)))
    assert (found["state"], found["verdict"], found["overdue"]) == ("done", "up", False)
    later = row(FULL, kpis(m06=0.40, m10=0.58, m11=0.10), as_of=date(2026, 11, 30))
    assert later["change"] == pytest.approx(0.18)  # what came after it was over is not its matter


def test_a_change_within_its_interval_is_no_clear_change():
    assert row(FULL, kpis(m06=0.40, m10=0.44))["verdict"] == "no_clear_change"


def test_an_open_action_is_compared_with_today_and_a_new_one_with_nothing():
    doing = entry(status="doing", result="", decision="", checked_in="")
    found = row(doing, kpis(m06=0.40, m10=0.34))
    assert (found["state"], found["overdue"], found["verdict"]) == ("doing", True, "no_clear_change")
    assert row(doing, kpis(m06=0.40, m10=0.20))["verdict"] == "down"
    fresh = entry(status="doing", result="", decision="", checked_in="", start=date(2026, 11, 5), due=None)
    made = row(fresh, kpis(m06=0.4, m10=0.2))
    assert (made["state"], made["now"], made["verdict"]) == ("planned", None, "unknown")
    assert row(entry(kpi=""), kpis(m06=0.4, m10=0.2))["before"] is None


def test_a_past_month_sees_only_what_was_known_by_then():
    july = row(FULL, kpis(m06=0.4, m07=0.44, m10=0.58), as_of=date(2026, 7, 31))
    assert (july["state"], july["result"], july["decision"], july["checked_in"]) == ("doing", "", "", "")
    assert july["checked_month"] is None and july["now"] == pytest.approx(0.44)
    assert pdca([FULL], kpis(), RUNS, as_of=date(2026, 5, 31)).empty
    assert row(FULL, as_of=date(2026, 6, 30))["is_new"]  # decided in July, over the report of June


def test_what_was_open_last_month_is_told_from_what_is_new():
    assert row(FULL)["was_open"] and not row(FULL)["is_new"]
    assert not row(FULL, as_of=date(2026, 11, 30))["was_open"]  # it was over by the end of October
    new = Entry("N", "h", "a", "o", decided_in=OCTOBER, decided_on=date(2026, 11, 4))
    assert row(new)["is_new"] and not row(new)["was_open"]
    assert row(new, as_of=date(2026, 11, 30))["was_open"]


def test_no_entries_give_an_empty_table():
    assert list(pdca([], kpis(), {}, as_of=AS_OF).columns) == list(COLUMNS)
    assert kpi.read_ledger("") == []
