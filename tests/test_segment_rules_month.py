"""What rules say of a month, against plain pandas, plain SQL and counting by hand; on Spark too where it is."""

import math
import operator
from datetime import date

import pandas as pd
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tables import AS_OF, NAMED, company, people, read

from customerbase import charts, i18n
from customerbase.engine import Engine, translate
from customerbase.errors import RunError
from customerbase.rules import Rules, compiling
from customerbase.segments import rules
from customerbase.tables import compiler, schema

K = 10


def judge(found: Rules, tables: dict, k_min: int = K) -> tuple[Engine, rules.Judged]:
    db = Engine(threads=1)
    company(db, **tables)
    return db, rules.apply_rules(db, found, as_of=AS_OF, k_min=k_min)


def members(judged: rules.Judged) -> dict[str, set]:
    found: dict[str, set] = {rule.code: set() for rule in judged.rules}
    for customer, segment in judged.members.fetchall():
        found[segment].add(customer)
    return found


# --- semantics -------------------------------------------------------------------------------------------------------

TABLES = people(300, seed=4)


def wide() -> pd.DataFrame:
    """The four tables joined with pandas; a number of its own for every missing kind of value."""
    renamed = {"rfm": "", "cltv": "previous_cltv.", "churn": "previous_churn."}
    whole = TABLES["profile"]
    for name, prefix in renamed.items():
        other = TABLES[name].rename(columns={c: prefix + c for c in TABLES[name].columns if c != "customer_id"})
        whole = whole.merge(other, on="customer_id", how="outer")
    return whole.set_index("customer_id")


WIDE = wide()


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("days_since_last_order > 90 and r <= 3", lambda w: (w["days_since_last_order"] > 90) & (w["r"] <= 3)),
        ("not (days_since_last_order > 90)", lambda w: w["days_since_last_order"] <= 90),
        ("orders between 2 and 4 or has_email", lambda w: w["orders"].between(2, 4).fillna(False) | w["has_email"]),
        ("orders not between 2 and 4", lambda w: (w["orders"] < 2) | (w["orders"] > 4)),
        ("gender <> 'female'", lambda w: w["gender"].notna() & (w["gender"] != "female")),
        ("gender not in ('female', 'other')", lambda w: w["gender"] == "male"),
        ("gender is null and days_since_last_order is not null", lambda w: w["gender"].isna() & w["r"].notna()),
        ("occupation like 'エ%'", lambda w: w["occupation"].str.startswith("エ", na=False)),
        ("lower(occupation) = 'teacher'", lambda w: w["occupation"] == "Teacher"),
        ("occupation in ('it''s 5%', '$as_of')", lambda w: w["occupation"].isin(["it's 5%", "$as_of"])),
        ("first_order_at <= '2026-05-10'", lambda w: w["first_order_at"] < pd.Timestamp("2026-05-11")),
        (
            "days_between(first_order_at) > 100",
            lambda w: (pd.Timestamp(AS_OF) - w["first_order_at"].dt.normalize()).dt.days > 100,
        ),
        ("rfm.net_spend / orders > 2000", lambda w: (w["net_spend"] / w["orders"].where(w["orders"] > 0)) > 2000),
        ("coalesce(mean_rating, 3) >= 3", lambda w: w["mean_rating"].isna() | (w["mean_rating"] >= 3)),
        ("abs(points_balance) < 100.5", lambda w: w["points_balance"].abs() < 100.5),
        (
            "previous_cltv.cltv > 5000 and previous_churn.probability < 0.5",
            lambda w: (w["previous_cltv.cltv"] > 5000) & (w["previous_churn.probability"] < 0.5),
        ),
    ],
)
def test_rules_select_what_plain_pandas_selects(text, mask):
    _, judged = judge(read(one=text), TABLES)
    wanted = set(WIDE.index[mask(WIDE).fillna(False).astype(bool)])
    assert 0 < len(wanted) < len(WIDE)
    assert members(judged)["one"] == wanted
    assert judged.sizes["everybody"].tolist() == [300]


_OPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne}
_ROWS = TABLES["profile"].merge(TABLES["rfm"], on="customer_id", how="left").to_dict("records")


def value_of(row: dict, column: str):
    value = row[column]
    return None if pd.isna(value) else value


def compare(column: str, op: str, number: float):
    def judged(row):
        value = value_of(row, column)
        return None if value is None else _OPS[op](float(value), number)

    return f"{column} {op} {number:g}", judged


def negated(part):
    text, holds = part
    return f"not ({text})", lambda row: None if holds(row) is None else not holds(row)


def joined(word: str):
    decides = word == "or"

    def made(parts):
        def judged(row):
            found = [holds(row) for _, holds in parts]
            return decides if decides in found else None if None in found else not decides

        return "(" + f" {word} ".join(text for text, _ in parts) + ")", judged

    return made


LEAVES = st.one_of(
    st.builds(compare, st.sampled_from(["orders", "mean_rating", "r"]), st.sampled_from(list(_OPS)), st.integers(0, 6)),
    st.just(("has_email", lambda row: bool(row["has_email"]))),
    st.just(("gender is null", lambda row: value_of(row, "gender") is None)),
    st.just(("gender = 'male'", lambda row: None if value_of(row, "gender") is None else row["gender"] == "male")),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(negated),
        st.lists(inner, min_size=2, max_size=3).map(joined("and")),
        st.lists(inner, min_size=2, max_size=3).map(joined("or")),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(RULES)
def test_three_values_of_any_rule_are_those_of_kleene(part):
    text, holds = part
    _, judged = judge(read(one=text), TABLES)
    told = [holds(row) for row in _ROWS]
    assert members(judged)["one"] == {row["customer_id"] for row, value in zip(_ROWS, told, strict=True) if value}
    assert judged.sizes["unknown"].tolist() == [sum(value is None for value in told)]


# --- percentiles -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-3, 3), st.floats(-100, 100)), max_size=30),
    st.sampled_from(["1", "10", "33.33", "50", "66.67", "80", "99.5", "100"]),
)
def test_a_percentile_is_the_nearest_rank(values, n):
    frame = pd.DataFrame(
        {"customer_id": [f"k{i}" for i in range(len(values))], "mean_rating": pd.Series(values, dtype="float64")}
    )
    _, judged = judge(read(one=f"mean_rating >= percentile({n})"), {"profile": frame})
    ordered = sorted(float(value) for value in values if value is not None)
    rank = math.ceil(len(ordered) * int(float(n) * 100 + 0.5) / 10000)
    threshold = ordered[rank - 1] if ordered else None
    assert judged.thresholds == {"r0_p0": threshold}
    wanted = (
        {f"k{i}" for i, value in enumerate(values) if value is not None and value >= threshold} if ordered else set()
    )
    assert members(judged)["one"] == wanted  # equals stand or fall together


def test_a_percentile_counts_its_own_column_and_says_its_value():
    cltv = pd.DataFrame({"customer_id": [f"k{i}" for i in range(5)], "cltv": [10_000.0, 12_340.5, 1.0, 2.0, None]})
    rfm = pd.DataFrame({"customer_id": ["k0", "k1", "k9"], "net_spend": [1, 2, 3], "segment": "lost"})
    found = read(one="previous_cltv.cltv >= percentile(75) or rfm.net_spend < 0.5 * percentile(100)")
    _, judged = judge(found, {"rfm": rfm, "cltv": cltv, "profile": rfm[["customer_id"]]})
    assert judged.sizes["conditions"].item().splitlines() == [
        "previous_cltv.cltv >= percentile(75) (= 10,000)",
        "rfm.net_spend < 0.5 * percentile(100) (= 3)",
    ]
    assert members(judged)["one"] == {"k0", "k1"}
    _, empty = judge(found, {"profile": rfm[["customer_id"]]})
    assert empty.sizes["conditions"].item().startswith("previous_cltv.cltv >= percentile(75) (= unknown)")
    assert empty.sizes[["customers", "unknown"]].to_numpy().tolist() == [[0, 3]]


# --- sizes, overlap, tables ------------------------------------------------------------------------------------------

THREE = {
    "silent": "days_since_last_order > 200",
    "dear": "previous_cltv.cltv >= percentile(70)",
    "few": "occupation = '公務員' and r = 5",
}


def test_sizes_by_hand_and_their_interval():
    _, judged = judge(read(**THREE), TABLES)
    row = judged.sizes.set_index("segment").loc["silent"]
    count = int((TABLES["rfm"]["days_since_last_order"] > 200).sum())
    assert (row["customers"], row["everybody"], row["unknown"], row["place"]) == (count, 300, 60, 1)
    share, z = count / 300, 1.959963984540054
    centre, half = share + z * z / 600, z * math.sqrt(share * (1 - share) / 300 + z * z / 360000)
    assert row["share_low"] == pytest.approx((centre - half) / (1 + z * z / 300))
    assert row["share_high"] == pytest.approx((centre + half) / (1 + z * z / 300))


def test_overlap_is_plain_sql_where_it_is_shown():
    db, judged = judge(read(**THREE), TABLES)
    db.register("members", judged.members)
    plain = db.query("""
        select a.segment, 'rule' as kind, b.segment as other, count(*) as customers
        from members as a join members as b using (customer_id) group by all
        union all
        select a.segment, 'named', coalesce(rfm.segment, 'none'), count(*)
        from members as a left join rfm using (customer_id) group by all
    """).fetchall()
    truth = {row[:3]: row[3] for row in plain}
    told = judged.overlap
    assert len(told) == 3 * (3 + len(NAMED) + 1)
    shown = told.dropna(subset=["customers"])
    assert len(shown) > 8 and len(told) > len(shown)
    for row in shown.itertuples():
        assert row.customers == truth.get((row.segment, row.kind, row.other), 0)
        assert row.customers == 0 or row.customers >= K
    size = truth["silent", "rule", "silent"]
    assert told.set_index(["segment", "kind", "other"]).loc[("silent", "rule", "dear"), "share"] == pytest.approx(
        truth["silent", "rule", "dear"] / size
    )


def test_overlaps_withhold_what_a_size_would_give_back():
    ids = [f"k{i}" for i in range(100)]
    rfm = pd.DataFrame(
        {"customer_id": ids, "days_since_last_order": range(100), "r": 1, "net_spend": 0, "segment": "lost"}
    )
    texts = {"a": "days_since_last_order >= 40", "b": "days_since_last_order >= 45", "c": "days_since_last_order >= 20"}
    _, judged = judge(read(**texts), {"rfm": rfm, "profile": rfm[["customer_id"]]})
    cells = judged.overlap[judged.overlap["kind"] == "rule"].set_index(["segment", "other"])["customers"]
    assert pd.isna(cells["a", "b"]) and pd.isna(cells["b", "a"])  # 55 of 60: 5 would be known
    assert cells["a", "c"] == cells["c", "a"] == cells["a", "a"] == 60
    small = {"d": "days_since_last_order < 5", "e": "days_since_last_order >= 0"}
    _, judged = judge(read(**small), {"rfm": rfm, "profile": rfm[["customer_id"]]})
    cells = judged.overlap.set_index(["segment", "kind", "other"])["customers"]
    assert (
        cells["d", "rule", "d"] is pd.NA and cells["d", "named", "lost"] is pd.NA and cells["d", "rule", "e"] is pd.NA
    )


def test_two_segments_of_the_same_customers_show_their_size():
    _, judged = judge(read(a="r >= 3", b="r > 2"), TABLES)
    cells = judged.overlap.set_index(["segment", "kind", "other"])["customers"]
    assert cells["a", "rule", "b"] == cells["a", "rule", "a"] == (TABLES["rfm"]["r"] >= 3).sum()


def keep_month(db: Engine, judged: rules.Judged) -> None:
    """What a month leaves for the next one."""
    db.connection.register("sizes", judged.sizes)
    db.execute("create or replace table previous_segment_rules as select * from sizes")
    for table, relation in (("members", judged.members), ("conditions", judged.conditions)):
        db.register("kept", relation)
        db.execute(f"create or replace table previous_segment_{table} as select * from kept")


def test_tables_keep_what_is_declared_of_them():
    db, judged = judge(read(**THREE), TABLES)
    keep_month(db, judged)
    moves = rules.moves(db, judged, k_min=K)
    for name, content in rules.tables(judged, moves).items():
        relation = db.connection.from_df(content) if isinstance(content, pd.DataFrame) else content
        assert set(relation.columns) == set(schema(name).columns), name
        relation.create_view("checked", replace=True)
        failed = [c for c in compiler.evaluate(db, schema(name), "checked") if not c.success]
        assert [check.reason for check in failed] == [], name
    assert set(rules.tables(None, rules.moves(db, None)).values()) == {None}


# --- who came and went -----------------------------------------------------------------------------------------------


def two_months(text: str, then: dict, now: dict, *, k_min: int = 1, before: str | None = None) -> pd.DataFrame:
    """Moves of segment `one` between two hand-made months."""
    db = Engine(threads=1)
    company(db, **then)
    keep_month(db, rules.apply_rules(db, read(one=before or text), as_of=date(2026, 9, 30), k_min=k_min))
    company(db, **now)
    return rules.moves(db, rules.apply_rules(db, read(one=text), as_of=AS_OF, k_min=k_min), k_min=k_min)


def month(days: dict[str, int], cltv: dict[str, float]) -> dict:
    rfm = pd.DataFrame({"customer_id": list(days), "days_since_last_order": list(days.values()), "segment": "lost"})
    value = pd.DataFrame({"customer_id": list(cltv), "cltv": list(cltv.values())})
    return {"rfm": rfm, "profile": rfm[["customer_id"]], "cltv": value}


def told(moves: pd.DataFrame) -> dict:
    return {(row.direction, row.condition, row.cause): row.customers for row in moves.itertuples()}


RULE = "days_since_last_order > 90 and previous_cltv.cltv >= percentile(50)"


def test_entered_and_left_by_hand():
    # before: the median of 100, 200, 300, 400, 500 is 300; now of 100, 200, 250, 300, 400, 500 it is 250
    then = month(
        {"own": 80, "line": 200, "back": 120, "poor": 100, "gone": 95},
        {"own": 400, "line": 200, "back": 300, "poor": 100, "gone": 500},
    )
    now = month(
        {"own": 110, "line": 230, "back": 5, "poor": 130, "fresh": 95},
        {"own": 400, "line": 250, "back": 300, "poor": 100, "fresh": 500, "x": 200},
    )
    moves = two_months(RULE, then, now)
    assert told(moves) == {
        ("entered", 0, "all"): 3,  # own, line, fresh
        ("entered", 0, "arrived"): 1,
        ("entered", 1, "own"): 1,
        ("entered", 2, "both"): 1,  # 200 → 250 under a threshold of 300 → 250: neither alone
        ("left", 0, "all"): 2,
        ("left", 0, "departed"): 1,
        ("left", 1, "own"): 1,
    }
    own = moves[(moves["direction"] == "entered") & (moves["cause"] == "own")].iloc[0]
    assert own[["value_before", "value_now", "bound_before", "bound_now"]].tolist() == [80, 110, 90, 90]
    assert moves["since"].unique().tolist() == [date(2026, 9, 30)]
    both = moves[moves["cause"] == "both"].iloc[0]
    assert both["text"] == "previous_cltv.cltv >= percentile(50) (= 250)"


def test_a_threshold_that_moved_is_told_from_a_value_that_did():
    days = dict.fromkeys(["a", "b", "c", "d"], 100)
    then = month(days, {"a": 100, "b": 200, "c": 300, "d": 400})  # threshold 200
    now = month(days, {"a": 100, "b": 50, "c": 60, "d": 400})  # threshold 60: a by the threshold, b by its own value
    moves = two_months(RULE, then, now)
    assert told(moves) == {
        ("entered", 0, "all"): 1,
        ("entered", 2, "threshold"): 1,
        ("left", 0, "all"): 1,
        ("left", 2, "own"): 1,
    }
    row = moves[moves["cause"] == "threshold"].iloc[0]
    assert row[["value_before", "value_now", "bound_before", "bound_now"]].tolist() == [100, 100, 200, 60]
    assert rules.moved(moves, judge(read(one=RULE), now)[1], language="en")["Reason"].tolist() == [
        "In all (since 30 Sep 2026)",
        "previous_cltv.cltv >= percentile(50) (= 60): the threshold fell from 200 to 60; their own value would not have done it",
        "In all (since 30 Sep 2026)",
        "previous_cltv.cltv >= percentile(50) (= 60): their own value fell from 200 to 50 (median)",
    ]


def test_a_value_that_became_known_or_is_no_longer_so():
    days = dict.fromkeys(["a", "b", "c", "d"], 100)
    then, now = month(days, {"b": 500, "c": 1}), month(days, {"a": 600, "c": 1})  # the threshold is 1 in both
    moves = two_months(RULE, then, now)
    assert told(moves) == {
        ("entered", 0, "all"): 1,
        ("entered", 2, "known"): 1,
        ("left", 0, "all"): 1,
        ("left", 2, "known"): 1,
    }
    reasons = rules.moved(moves, judge(read(one=RULE), now)[1], language="en")["Reason"].tolist()
    assert reasons[1].endswith("decided now, a value was unknown before") and reasons[3].endswith("a value is unknown")


def test_conditions_without_numbers_and_negations_explain_themselves():
    def company_of(gender: str | None, has_email: bool) -> dict:
        return {"profile": pd.DataFrame({"customer_id": ["a"], "gender": [gender], "has_email": [has_email]})}

    text = "gender = 'male' or not has_email"
    moves = two_months(text, company_of(None, True), company_of("male", True))
    assert told(moves) == {("entered", 0, "all"): 1, ("entered", 1, "own"): 1, ("left", 0, "all"): 0}
    _, judged = judge(read(one=text), company_of("male", True))
    assert rules.moved(moves, judged, language="en")["Reason"].tolist()[1] == "gender = 'male': holds now"
    assert "当てはまるように" in rules.moved(moves, judged, language="ja")["理由"].tolist()[1]


def test_a_changed_rule_and_a_new_one():
    days = dict.fromkeys(["a", "b", "c"], 100)
    then, now = month(days, {"a": 1, "b": 2, "c": 3}), month(days, {"a": 1, "b": 2, "c": 3})
    moves = two_months(RULE, then, now, before="previous_cltv.cltv >= percentile(90)")
    assert told(moves) == {
        ("entered", 0, "all"): 1,
        ("entered", 0, "rule"): 1,
        ("left", 0, "all"): 0,
        ("left", 0, "rule"): 0,
    }
    db, old = judge(read(other="r = 1"), then)
    keep_month(db, old)
    assert len(rules.moves(db, rules.apply_rules(db, read(one=RULE), as_of=AS_OF))) == 0  # nothing to compare with


def test_small_moves_are_withheld_in_both_directions():
    ids = [f"k{i}" for i in range(60)]
    then = month(dict.fromkeys(ids, 10) | {f"k{i}": 100 for i in range(3)}, {})
    now = month(dict.fromkeys(ids, 10) | {f"k{i}": 100 for i in range(3, 40)}, {})
    text = "days_since_last_order > 90"
    whole, kept = two_months(text, then, now), two_months(text, then, now, k_min=10)
    assert told(whole) == {
        ("entered", 0, "all"): 37,
        ("entered", 1, "own"): 37,
        ("left", 0, "all"): 3,
        ("left", 1, "own"): 3,
    }
    assert [row[:2] for row in told(kept)] == [("entered", 0), ("left", 0)]
    assert kept["customers"].isna().all() and kept[["value_before", "value_now"]].isna().all(axis=None)


def test_causes_withhold_what_the_total_would_give_back():
    ids = [f"k{i}" for i in range(60)]
    then = month(dict.fromkeys(ids, 10), {})
    now = month(dict.fromkeys(ids, 100) | {f"new{i}": 100 for i in range(4)}, {})
    kept = two_months("days_since_last_order > 90", then, now, k_min=10)
    cells = {(row.condition, row.cause): row.customers for row in kept.itertuples() if row.direction == "entered"}
    assert cells[0, "all"] == 64
    assert cells[0, "arrived"] is pd.NA and cells[1, "own"] is pd.NA  # 60 of 64 would give the 4 back


# --- what a person sees ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_cards_and_overlap_speak_both_languages_and_hide_small_ones(language):
    _, judged = judge(read(**THREE), TABLES)
    shown = rules.cards(judged, language=language, k_min=K)
    assert shown.shape == (3, 7)
    small = judged.sizes.set_index("segment").loc["few", "customers"]
    assert 0 < small < K and shown.iloc[2, 2] == "<10" and shown.iloc[2, 3] == i18n.MISSING
    figure = charts.overlapping(judged, language=language)
    assert figure.texts or figure.axes
    assert rules.cards(None, language=language).shape == (0, 7)
    assert all(column for column in shown.columns)


def test_a_table_on_a_page_shows_a_condition_as_text_and_never_as_markup():
    _, judged = judge(read(one="occupation = '<b>x</b>' or days_since_last_order < 3"), TABLES)
    html = rules.styled(rules.cards(judged, language="en"), "en").to_html()
    assert "&lt;b&gt;x&lt;/b&gt;" in html and "<b>x" not in html and "days_since_last_order &lt; 3" in html


def test_nobody_and_no_rules_are_no_trouble():
    _, judged = judge(read(one="r = 1"), {})
    assert judged.sizes[["customers", "everybody", "share"]].to_numpy().tolist() == [[0, 0, 0]]
    assert judged.overlap["customers"].tolist() == [0, 0]
    assert charts.overlapping(judged, language="ja").axes
    assert rules.apply_rules(Engine(threads=1), read(), as_of=AS_OF) is None
    assert "<table" in rules.styled(rules.cards(None, language="en"), "en").to_html()


# --- Spark -----------------------------------------------------------------------------------------------------------

EVERYTHING = {
    **THREE,
    "words": "lower(occupation) like 't%' or occupation in ('it''s 5%', '$as_of') or upper(gender) <> 'MALE'",
    "days": "days_between(first_order_at) > 100 and first_order_at < '2026-09-01' and not (has_email or r between 2 and 3)",
    "sums": "abs(points_balance) / (orders - 1) > 20.5 and mean_rating >= 0.5 * percentile(99.5)",
    "blanks": "coalesce(mean_rating, 3) >= 3 and occupation is null",
}


def test_both_queries_are_portable():
    found = read(**EVERYTHING)
    for text in (compiling.conditions_sql(found.rules, found.columns), compiling.thresholds_sql(found.rules)):
        spark = translate(text)
        assert sqlglot.parse_one(spark, read="spark") is not None
        assert "::" not in spark and '"' not in spark


def test_spark_judges_alike(tmp_path):
    pytest.importorskip("pyspark", reason="pyspark is not here: make extras")
    from customerbase.spark import SparkEngine

    try:
        spark = SparkEngine(threads=2)
    except RunError as error:
        pytest.skip(str(error))
    db, found = Engine(threads=1), read(**EVERYTHING)
    company(db, **TABLES)
    for table in found.columns.readable:
        db.query(f"select * from {table}").write_parquet(str(tmp_path / f"{table}.parquet"))
        spark.register(table, tmp_path / f"{table}.parquet")
    text = compiling.thresholds_sql(found.rules)
    here, there = dict(db.query(text).fetchall()), {row.threshold: row.value for row in spark.query(text).collect()}
    assert here == there
    text = compiling.conditions_sql(found.rules, found.columns, attached={"named": "rfm.segment"})
    given = compiling.bound(text, found.rules, here, AS_OF)
    answers = db.query(text, **given).to_arrow_table(), spark.query(text, **given).toArrow()
    rows = [sorted(answer.to_pylist(), key=lambda row: row["customer_id"]) for answer in answers]
    spark.close()
    for a, b in zip(*rows, strict=True):
        for column, value in a.items():
            same = math.isclose(value, b[column], rel_tol=1e-12) if isinstance(value, float) else value == b[column]
            assert same, (column, value, b[column])


# --- what customers say ----------------------------------------------------------------------------------------------


def test_a_rule_names_how_satisfied_somebody_last_said_they_were():
    """The profile of this month holds each customer's latest answer to the question of recommendation: one row a customer."""
    profile = pd.DataFrame({
        "customer_id": ["detractor", "passive", "promoter", "long ago", "rated", "silent", "poor"],
        "survey_score": [6.0, 7.0, 9.0, 0.0, 1.0, None, 3.0],
        "survey_scale": ["nps", "nps", "nps", "nps", "five", None, "nps"],
        "survey_at": pd.to_datetime(["2026-10-31 23:59", "2026-10-01", "2026-10-01", "2025-09-30", "2026-10-01", None, "2026-09-01"], format="ISO8601"),
    })  # fmt: skip
    worth = {
        "detractor": 900.0,
        "passive": 900.0,
        "promoter": 900.0,
        "long ago": 900.0,
        "rated": 900.0,
        "silent": 900.0,
        "poor": 1.0,
    }
    cltv = pd.DataFrame({"customer_id": list(worth), "cltv": list(worth.values())})
    found = read(
        unhappy="survey_scale = 'nps' and survey_score <= 6 and days_between(survey_at) <= 365",
        unhappy_and_valuable="survey_scale = 'nps' and survey_score <= 6 and days_between(survey_at) <= 365 and previous_cltv.cltv >= 100",
    )
    _, judged = judge(found, {"profile": profile, "cltv": cltv})
    assert members(judged) == {"unhappy": {"detractor", "poor"}, "unhappy_and_valuable": {"detractor"}}
