"""Decisions of people: the file as written and read back, what is refused and in which words, and merges undone."""

from datetime import date
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_months import (
    DB,
    Partition,
    aliases_of,
    assigned,
    changes_of,
    coarser,
    groups,
    ids_of,
    members,
    months,
    no_history,
    run,
)

from customerbase.errors import InputError
from customerbase.identity.decisions import Decision, read_decisions, unmerge_lines, write_decisions

HEADING = "decision,record_a,record_b,who,why,when\n"
DAY = date(2026, 10, 5)
SIGNED = {"who": "k.sato", "why": "two people", "when": DAY}


def same(a: str, b: str, **other) -> Decision:
    return Decision("same", a, b, **SIGNED | other)


def not_same(a: str, b: str, **other) -> Decision:
    return Decision("not_same", a, b, **SIGNED | other)


def line(decision: str, a: str, b: str) -> str:
    return f"{decision},{a},{b},k.sato,two people,2026-10-05\n"


# --- the file


def test_a_file_as_people_write_it():
    text = (
        "\ufeff# decisions of the identity board\r\n\r\n" + HEADING.replace("\n", "\r\n") + "# twins first\r\n"
        'not_same,pos:1, shop:2 ,佐藤,"双子, 電話で確認",2026-10-05\r\n'
        "same,pos:1,app:x:9,k.sato,called,2026-10-06"
    )
    assert read_decisions(text) == [
        Decision("not_same", "pos:1", "shop:2", "佐藤", "双子, 電話で確認", DAY),
        Decision("same", "pos:1", "app:x:9", "k.sato", "called", date(2026, 10, 6)),
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", HEADING])
def test_no_decision_yet(text):
    assert read_decisions(text) == []


def test_a_later_line_overrules_an_earlier_one_on_the_same_pair_whichever_way_round():
    text = HEADING + line("same", "p:1", "p:2") + line("same", "p:3", "p:4") + line("not_same", "p:2", "p:1")
    assert read_decisions(text) == [same("p:3", "p:4"), not_same("p:2", "p:1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("decison,record_a,record_b,who,why,when\n", "line 1: the heading is 'decison,.*Did you mean 'decision'"),
        (line("same", "p:1", "p:2"), "line 1: the heading is 'same,"),
        (
            HEADING + "#\n" + line("not_sane", "p:1", "p:2"),
            "line 3: decision is 'not_sane'; expected same or not_same. Did",
        ),
        (HEADING + line("same", "p1", "p:2"), "line 2: record_a is 'p1'; expected a record as source_system:source"),
        (HEADING + line("same", "p:2", "p:"), "line 2: record_b is 'p:'; expected a record as"),
        (HEADING + line("same", "p:2", "p:2"), "line 2: record_b is 'p:2'; expected another record"),
        (HEADING + "same,p:1,p:2,,why,2026-10-05", "line 2: who is ''; expected a name"),
        (HEADING + "same,p:1,p:2,who, ,2026-10-05", "line 2: why is ''; expected the reason"),
        (HEADING + "same,p:1,p:2,who,why,5.10.2026", "line 2: when is '5.10.2026'; expected a day as YYYY-MM-DD"),
        (HEADING + "same,p:1,p:2,who,why,2026-02-30", "line 2: when is '2026-02-30'"),
        (HEADING + "same,p:1,p:2,who,why,20261005", "line 2: when is '20261005'"),
        (HEADING + "same,p:1,p:2,who,one, two,2026-10-05", "line 2: 7 fields; expected 6"),
        (HEADING + 'same,p:1,p:2,who,"open,2026-10-05', "line 2: .* is not CSV"),
    ],
)
def test_a_line_that_cannot_be_is_named_with_value_and_expectation(text, words):
    with pytest.raises(InputError, match=words):
        read_decisions(text)


def test_decisions_that_contradict_each_other_name_their_lines():
    text = HEADING + line("same", "p:A", "p:B") + line("not_same", "p:A", "p:C") + line("same", "p:C", "p:B")
    with pytest.raises(InputError) as caught:
        read_decisions(text)
    assert str(caught.value).startswith(
        "decisions contradict each other: line 3 (not_same 'p:A', 'p:C')"
        " and lines 2 (same 'p:A', 'p:B'), 4 (same 'p:B', 'p:C');"
    )


def test_the_shortest_chain_is_named_and_an_overruled_link_breaks_it():
    chain = [("p:1", "p:2"), ("p:2", "p:3"), ("p:3", "p:4"), ("p:1", "p:9"), ("p:9", "p:4")]
    text = HEADING + "".join(line("same", *pair) for pair in chain) + line("not_same", "p:1", "p:4")
    with pytest.raises(InputError, match=r"line 7 .* and lines 5 \(same 'p:1', 'p:9'\), 6 \(same 'p:9', 'p:4'\);"):
        read_decisions(text)
    parted = text + line("not_same", "p:9", "p:4") + line("not_same", "p:3", "p:4")
    assert len(read_decisions(parted)) == 6


def test_lines_are_added_at_the_end_and_nothing_else_changes():
    text = write_decisions([same("p:1", "p:2", why='he said "yes", twice')])
    assert text == HEADING + 'same,p:1,p:2,k.sato,"he said ""yes"", twice",2026-10-05\n'
    commented = text + "# not sure\nnot_same, p:1,p:3,k.sato,brothers,2026-10-06"
    assert write_decisions([not_same("p:2", "p:3")], commented) == commented + "\n" + line("not_same", "p:2", "p:3")
    windows = HEADING.replace("\n", "\r\n")
    assert write_decisions([same("p:1", "p:2")], windows) == windows + line("same", "p:1", "p:2").replace("\n", "\r\n")
    assert write_decisions([], "# kept\n") == "# kept\n" + HEADING


@pytest.mark.parametrize("why", ["two\nlines", " spaced", ""])
def test_what_could_not_be_read_back_is_not_written(why):
    with pytest.raises(InputError):
        write_decisions([same("p:1", "p:2", why=why)])


def test_what_would_contradict_the_file_is_not_written():
    text = HEADING + line("same", "p:1", "p:2") + line("same", "p:2", "p:3")
    with pytest.raises(InputError, match=r"line 4 .* and lines 2 .*, 3 "):
        write_decisions([not_same("p:1", "p:3")], text)


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(lambda s: s == s.strip())
RECORDS = st.builds("{}:{}".format, st.sampled_from(["pos", "shop"]), WORDS)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(RECORDS, RECORDS, WORDS, WORDS, st.dates()).filter(lambda row: row[0] != row[1])))
def test_whatever_is_written_is_read_back(rows):
    decisions = {d.pair: d for d in (Decision("same", *row) for row in rows)}
    assert read_decisions(write_decisions(decisions.values())) == list(decisions.values())


# --- merges undone


def pairs(decisions: list[Decision]) -> list[str]:
    assert all(decision.decision == "not_same" for decision in decisions)
    return [f"{one[2:]}{two[2:]}" for one, two in (decision.pair for decision in decisions)]


def undone(result: dict, name_or_id: str) -> list[str]:
    customer_id = ids_of(result).get(name_or_id, name_or_id)
    return pairs(unmerge_lines(result["id_history"], customer_id, **SIGNED))


def story(*told: str) -> list[dict]:
    return run([groups(text) for text in told])


def respecting(partition: Partition, decisions: list[Decision]) -> Partition:
    """A partition like the given one in which no cluster holds two records that are not the same person."""
    apart = {decision.pair for decision in decisions}
    parts: list[set[str]] = []
    for name in sorted(partition):
        fits = [
            part
            for part in parts
            if partition[name] == partition[min(part)]
            and not any((f"s:{min(name, other)}", f"s:{max(name, other)}") in apart for other in part)
        ]
        fits[0].add(name) if fits else parts.append({name})
    return {name: number for number, part in enumerate(parts) for name in part}


@pytest.mark.parametrize("seen_as", ["arrow", "frame", "relation"])
def test_the_circle_assign_merge_unmerge_assign(seen_as):
    first, merged = story("abc de fg", "abcde fg")
    history = merged["id_history"]
    given = {"arrow": history, "frame": history.to_pandas(), "relation": DB.connection.from_arrow(history)}[seen_as]
    lines = unmerge_lines(given, ids_of(merged)["a"], **SIGNED)
    text = write_decisions(lines)
    assert pairs(lines) == ["ad", "ae", "bd", "be", "cd", "ce"]
    partition = respecting(groups("abcde fg"), read_decisions(text))
    last = assigned(partition, history, 2)
    assert last["ids"].equals(first["ids"])
    assert aliases_of(last) == {} and changes_of(last)[ids_of(first)["d"]][0] == "revived"


def test_merges_are_undone_one_after_another_the_latest_first():
    told = story("a b c", "ab c", "abc")
    assert undone(told[2], "a") == ["ac", "bc"]
    back = assigned(groups("ab c"), told[2]["id_history"], 3)
    assert back["ids"].equals(told[1]["ids"])
    assert undone(back, "a") == ["ab"]
    end = assigned(groups("a b c"), back["id_history"], 4)
    assert end["ids"].equals(told[0]["ids"])
    with pytest.raises(InputError, match="never merged"):
        undone(end, "a")


def test_three_groups_of_one_merge_are_all_taken_apart():
    assert undone(story("ab c d", "abcd")[1], "a") == ["ac", "ad", "bc", "bd", "cd"]


def test_whoever_joined_after_the_merge_is_left_to_the_links():
    told = story("a b", "ab", "abcd")
    assert undone(told[2], "a") == ["ab"]


def test_an_alias_is_taken_out_again_whatever_merged_later():
    told = story("a b c", "ab c", "abc")
    former = next(alias for alias in aliases_of(told[1]))
    away = next(name for name, one in ids_of(told[0]).items() if one == former)
    stays = "b" if away == "a" else "a"
    assert undone(told[2], former) == sorted("".join(sorted(away + other)) for other in (stays, "c"))
    once = story("a b", "ab")
    assert undone(once[1], next(iter(aliases_of(once[1])))) == undone(once[1], "a") == ["ab"]


def test_an_id_that_never_merged_is_not_known_or_has_nobody_left_is_refused():
    told = story("ab c", "ab")
    known, gone = ids_of(told[0])["a"], ids_of(told[0])["c"]
    with pytest.raises(InputError, match=f"'{known}' never merged"):
        undone(told[1], known)
    with pytest.raises(InputError, match=f"'{gone}' has no records any more"):
        undone(told[1], gone)
    typo = known[:-1] + ("0" if known[-1] != "0" else "1")
    with pytest.raises(InputError, match=f"no customer '{typo}' in the history. Did you mean '{known}'"):
        undone(told[1], typo)
    with pytest.raises(InputError, match="Did you mean"):
        undone(told[1], known.lower().replace("0", "o"))


def test_an_empty_history_knows_nobody():
    with pytest.raises(InputError, match="no customer 'C1' in the history"):
        unmerge_lines(no_history(), "C1", **SIGNED)


def test_a_split_is_no_merge_but_two_parts_of_different_customers_are():
    split = story("abc", "a bc", "a bc")
    with pytest.raises(InputError, match="never merged"):
        undone(split[2], "a")
    rebuilt = story("abx cdy", "ab x cd y", "ab cd xy")
    assert undone(rebuilt[2], "x") == ["xy"]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(months(1, 3), st.data())
def test_a_merge_is_undone_by_the_pairs_across_the_clusters_it_joined(sequence, data):
    atoms = sequence[-1]
    merged = data.draw(coarser(atoms))
    result = run([*sequence, merged])[-1]
    for group in members(merged):
        joined = [atom for atom in members(atoms) if atom <= group]
        across = sorted(min(a, b) + max(a, b) for x, y in combinations(joined, 2) for a, b in product(x, y))
        if across:
            assert undone(result, min(group)) == across
