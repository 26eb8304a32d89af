"""identity explain, review, decide and unmerge on a published month, and what a decision does to the next run."""

from datetime import date

import identity_base as base_of
import pytest
import sample_run
from sample_run import at_home, copy_of

from customerbase.__main__ import main
from customerbase.identity.decisions import read_decisions

sample_month = sample_run.sample_month


def ask(month, capsys, *words: str) -> str:
    with at_home(month.home):
        status = main(["identity", *words])
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out


def pair(month, where: str) -> tuple[str, str]:
    return month.rows(f"select record_a, record_b from identity_edges where {where} order by 1, 2 limit 1")[0]


def test_explain_shows_the_chain_and_adds_up(sample_month, capsys):
    a, b = pair(sample_month, "state = 'kept' and rule is null")
    text = ask(sample_month, capsys, "explain", a, b)
    assert f"{a} and {b}: one customer" in text and "links that hold them together" in text
    lines = text.split("the two compared directly")[1].splitlines()[1:]
    bits = [float(line.split()[-1]) for line in lines if line.strip() and "odds" not in line]
    [weight] = [float(line.split("match weight")[1].split()[0]) for line in lines if "odds" in line]
    assert sum(bits) == pytest.approx(weight, abs=0.06 * len(bits))
    assert weight == pytest.approx(
        sample_month.one(f"select match_weight from identity_edges where record_a = '{a}' and record_b = '{b}'"),
        abs=0.05,
    )


def test_explain_takes_a_customer_and_knows_strangers(sample_month, capsys):
    customer = sample_month.one(
        "select customer_id from identity_links group by 1 having count(*) = 2 order by 1 limit 1"
    )
    assert "one customer" in ask(sample_month, capsys, "explain", customer)
    a = sample_month.one(
        "select min(source_system || ':' || source_customer_id) from identity_links where in_customers_src"
    )
    b = sample_month.one(
        "select max(source_system || ':' || source_customer_id) from identity_links where in_customers_src"
    )
    assert "two customers" in ask(sample_month, capsys, "explain", a, b)


def test_an_unknown_record_is_named_with_the_near_miss(sample_month, capsys):
    a, _ = pair(sample_month, "state = 'kept'")
    with at_home(sample_month.home):
        assert main(["identity", "explain", a + "x", a]) == 2
    said = capsys.readouterr().err
    assert repr(a + "x") in said and "Did you mean" in said


def test_review_shows_evidence_and_values_only_when_asked(sample_month, capsys):
    waiting = sample_month.one("select count(*) from identity_review")
    assert waiting > 0
    text = ask(sample_month, capsys, "review", "--limit", "3")
    assert f"{waiting:,} pairs wait" in text and "grey_zone" in text
    names = [
        row[0]
        for row in sample_month.rows("select distinct family_name from customers_std where family_name is not null")
    ]
    assert not any(name in text for name in names)
    shown = ask(sample_month, capsys, "review", "--limit", "3", "--values")
    assert any(name in shown for name in names)


def test_a_decision_is_kept_and_holds_from_the_next_run_on(sample_month, tmp_path, capsys):
    month = copy_of(sample_month, tmp_path)
    a, b = pair(month, "state = 'kept'")
    customer = month.one(
        f"select customer_id from identity_links where source_system || ':' || source_customer_id = '{a}'"
    )
    ask(month, capsys, "decide", "not_same", a, b, "--why", "father and son", "--who", "k.sato", "--when", "2026-11-02")
    [kept] = read_decisions((month.home / "pipelines/decisions/sample.csv").read_text(encoding="utf-8"))
    assert (kept.decision, kept.pair, kept.who, kept.when) == ("not_same", (a, b), "k.sato", date(2026, 11, 2))
    ask(month, capsys, "unmerge", customer, "--record", a, "--why", "other person")
    text = (month.home / "pipelines/decisions/sample.csv").read_text(encoding="utf-8")
    members = month.one(f"select count(*) from identity_links where customer_id = '{customer}'")
    assert len(read_decisions(text)) == members - 1
    with at_home(month.home):
        assert main(["identity", "unmerge", customer, "--why", "never merged"]) == 2
    assert "never merged" in capsys.readouterr().err


def test_merge_and_unmerge_give_back_ids_and_profiles(tmp_path):
    """Two customers, joined by a decision in one month, parted by another in the next: every table as it was."""
    rows = [
        {"last_name": "佐藤", "first_name": "花子", "phone": "090-1111-2222"},
        {"last_name": "鈴木", "first_name": "一郎"},
    ]
    links = "select * from identity_links order by all"
    first = base_of.resolve(base_of.hand_written(rows), month=date(2026, 8, 1))
    kept = base_of.keep(first, tmp_path / "one")
    from customerbase.identity.decisions import Decision, unmerge_lines

    same = Decision("same", "shop:001", "shop:002", "k.sato", "married", date(2026, 9, 1))
    merged = base_of.resolve(base_of.hand_written(rows), carried=kept, month=date(2026, 9, 1), decisions=[same])
    assert merged.rows("select count(distinct customer_id) from identity_links") == [(1,)]
    [(living,)] = merged.rows("select distinct customer_id from identity_links")
    undone = unmerge_lines(merged.people.id_history, living, who="k.sato", why="wrong", when=date(2026, 10, 1))
    again = base_of.resolve(
        base_of.hand_written(rows), carried=base_of.keep(merged, tmp_path / "two"), decisions=undone
    )
    assert again.rows(links) == first.rows(links)
