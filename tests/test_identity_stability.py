"""Do ids stay: a planted change trips the alarm, a quiet month does not, the first month never does."""

import pandas as pd
import pytest
from identity_months import assigned, groups, month_of, no_history
from test_report import data

from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.identity.stability import MOST_CHANGED, Stability, stability
from customerbase.report import identity as section

PEOPLE = "a b c d e f g h"


def judged(*months: str, most_changed: float = 0.2) -> Stability:
    """The judgement of the last of some months of clusters: 'ab c' are two customers, one of two records."""
    history = no_history()
    for number, month in enumerate(months):
        made = assigned(groups(month), history, number)
        history = made["id_history"]
    db = Engine()
    changes = db.connection.from_arrow(made["id_changes"])
    return stability(db, changes, month=month_of(len(months) - 1), most_changed=most_changed)


def test_the_first_month_never_speaks_up():
    found = judged("ab cd", most_changed=0.0)
    assert (found.customers_before, found.changed, found.share, found.alarm) == (0, 0, 0.0, False)
    assert "first month" in found.said("en") and "最初の月" in found.said("ja")


def test_a_quiet_month_with_newcomers_does_not():
    found = judged("a b c d", "a b c d e f g h", most_changed=0.0)
    assert (found.customers_before, found.changed, found.alarm) == (4, 0, False)
    assert judged("a b c d", "ae bf c d g", most_changed=0.0).changed == 0, "new records of the same people"


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        ("ab cd ef g h", 3),  # of eight three merged into others
        ("a b c d", 4),  # four have no records any more
        ("ab c d e f g h", 1),
        (PEOPLE, 0),
    ],
)
def test_merged_and_gone_are_counted_once_each(after, changed):
    found = judged(PEOPLE, after)
    assert (found.customers_before, found.changed) == (8, changed)
    assert found.alarm == (changed / 8 > 0.2)


def test_split_off_and_given_back():
    assert judged("abc d e f", "a b c d e f").changed == 1, "one customer fell apart into three"
    assert judged("a b c d", "ab c d", "a b c d").changed == 1, "one id given back after a merge"
    crossed = judged("ab cd e f", "ac bd e f")
    assert crossed.changed == 2 and crossed.share == 0.5


def test_at_the_limit_nothing_is_said_beyond_it_in_words():
    at = Stability(month_of(1), 100, 5, MOST_CHANGED)
    beyond = Stability(month_of(1), 100, 6, MOST_CHANGED)
    assert not at.alarm and beyond.alarm
    assert "5.0\u00a0%" in at.said("en") and "Warning" not in at.said("en") and "警告" not in at.said("ja")
    assert beyond.said("en").startswith("Warning: of 100 customers of last month 6 (6.0\u00a0%)")
    assert beyond.said("ja").startswith("警告：前月の顧客100人のうち6人（6.0%）")


@pytest.mark.parametrize("limit", [-0.01, 1.5, 5.0])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ConfigError, match="most_changed is"):
        judged(PEOPLE, PEOPLE, most_changed=limit)


# --- the report ---------------------------------------------------------------------------------------------------


def told(language: str, before: int, changed: int, most_changed: float = 0.05) -> dict[str, str]:
    row = {"month": month_of(9), "customers_before": before, "changed": changed, "most_changed": most_changed}
    return dict(section.lines(data(id_stability=pd.DataFrame([row])), language))


def test_the_report_warns_when_more_changed_than_may():
    said = told("en", 1000, 200)["Warning"]
    assert said.startswith("20.0\u00a0% of last month's customers have another id or none; 5.0\u00a0% may.")
    assert told("ja", 1000, 200)["警告"].startswith("前月の顧客の20.0%で顧客IDが変わりました（上限は5.0%）。")


@pytest.mark.parametrize("changed", [0, 50])
def test_the_report_is_silent_in_a_quiet_month_and_in_the_first(changed):
    assert "Warning" not in told("en", 1000, changed)
    assert "Warning" not in told("en", 0, 0, 0.0)
    assert "Warning" not in dict(section.lines(data(), "en"))


@pytest.mark.parametrize(("before", "changed"), [(50, 9), (50, 41)])
def test_the_warning_names_no_small_group(before, changed):
    said = told("en", before, changed)["Warning"]
    assert said.startswith("More than 5.0\u00a0% of last month's customers have another id or none.")
