"""Rules as text: what the grammar takes and refuses, and how a refusal reads. Nothing of a rule reaches an engine unread."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rule_tables import AS_OF, known, read, title
from sqlglot import exp

from customerbase import rules, segments
from customerbase.engine import Engine, bind
from customerbase.errors import ConfigError
from customerbase.rules import compiling

COLUMNS = known()


def conditions(text: str) -> list[str]:
    [rule] = read(COLUMNS, one=text)
    return [condition.shown() for condition in rule.conditions]


# --- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("days_since_last_order > 90", ["days_since_last_order > 90"]),
        ("90 < days_since_last_order", ["days_since_last_order > 90"]),
        ("previous_cltv.cltv >= percentile(80)", ["previous_cltv.cltv >= percentile(80)"]),
        ("percentile(99.5) <= mean_rating", ["mean_rating >= percentile(99.5)"]),
        ("not (r = 1 or has_email)", ["r <> 1", "not has_email"]),
        ("r between 2 and 4", ["r >= 2", "r <= 4"]),
        ("r not between 2 and 4", ["r < 2", "r > 4"]),
        (
            "gender in ('female', 'other') and gender is not null",
            ["gender in ('female', 'other')", "gender is not null"],
        ),
        (
            "occupation like 'エ%' or lower(occupation) not like 't_'",
            ["occupation like 'エ%'", "lower(occupation) not like 't_'"],
        ),
        ("first_order_at >= '2026-04-01'", ["first_order_at >= '2026-04-01'"]),
        ("first_order_at < date '2026-04-01'", ["first_order_at < '2026-04-01'"]),
        ("days_between(first_order_at) > 365", ["days_between(first_order_at) > 365"]),
        ("rfm.net_spend / (orders + 1) > -2.5", ["rfm.net_spend / (orders + 1) > -2.5"]),
        ("coalesce(mean_rating, 3) * 2 >= 8", ["coalesce(mean_rating, 3) * 2 >= 8"]),
        ("has_email = false", ["not has_email"]),
        ("occupation = 'it''s'", ["occupation = 'it''s'"]),
        ("r = 1 or r = 1 and has_email", ["r = 1", "has_email"]),
    ],
)
def test_conditions_as_a_reader_sees_them(text, told):
    assert conditions(text) == told


def test_a_rule_keeps_its_words_and_knows_its_columns():
    spec = {"title": title("abc"), "rule": "r = 1\n  and orders > 2", "todo": {"en": "Call.", "ja": "電話します。"}}
    [rule] = rules.read_rules({"rules": {"abc": spec}}, COLUMNS)
    assert (rule.code, rule.name("en"), rule.text) == ("abc", "Abc", "r = 1 and orders > 2")
    assert [field.full for field in rule.fields] == ["rfm.r", "profile.orders"]
    assert rule.todo("ja") == "電話します。" and rule.thresholds == {}


def test_no_rules_are_none_and_cost_no_parser():
    code = "import sys\nfrom customerbase import segments\nfrom customerbase.stage import company\nprint('sqlglot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert len(rules.read_rules({}, COLUMNS)) == len(rules.read_rules(None, COLUMNS)) == 0


# --- what is refused, and how it reads -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gendr = 'x'", ["character 1", "'gendr'", "Did you mean 'gender'?", "table 'profile'"]),
        ("r = 1 and rfm.net_spnd > 3", ["character 11", "Did you mean 'net_spend'?"]),
        ("profil.orders > 3", ["no table 'profil'", "Did you mean 'profile'?"]),
        ("net_spend > 3", ["several tables", "profile.net_spend or rfm.net_spend"]),
        ("cltv > 3", ["month before only", "previous_cltv.cltv or previous_churn.cltv"]),
        ("cltv.cltv > 3", ["'cltv' is not one this page reads", "previous_cltv.cltv"]),
        ("expected_margin > 3", ["table sales_priority", "does not read", "profile, rfm"]),
        ("email = 'a@b.jp'", ["contact data", "profile, rfm"]),
        ("contacts.email = 'a@b.jp'", ["contact data"]),
        ("customer_id = 'k1'", ["names one person"]),
        ("segment = 'champion'", ["never occurs", "champions, loyal", "Did you mean 'champions'?"]),
        ("age_band in ('20-29', '30-40')", ["'30-40'", "never occurs", "expected one of 0-19, 20-29"]),
        ("orders > '90'", ["orders (number)", "'90' (text)"]),
        ("gender > 'female'", ["no order", "in (…)"]),
        ("has_email > true", ["no order"]),
        ("first_order_at >= '2026-02-30'", ["'2026-02-30'", "YYYY-MM-DD"]),
        ("first_order_at >= 20260401", ["first_order_at (date)", "20260401 (number)"]),
        ("orders = null", ["is null"]),
        ("orders", ["orders (number) alone"]),
        ("1 = 1", ["no column"]),
        ("true", ["Boolean"]),
        ("1 < orders < 3", ["one pair at a time"]),
        ("orders > percentile(0)", ["above 0 and up to 100"]),
        ("orders > percentile(80, 2)", ["one number"]),
        ("orders + 1 > percentile(80)", ["other side is not one column"]),
        ("gender = percentile(80)", ["gender (text)", "(number)"]),
        ("percentil(3) < orders", ["'percentil'", "Did you mean 'percentile'?"]),
        ("current_date > first_order_at", ["no today", "days_between"]),
        ("occupation ilike 'e%'", ["lower(column) like"]),
        ("occupation like gender", ["a text in quotes"]),
        ("occupation like 'a\\%'", ["without \\"]),
        ("orders > 1e3", ["1e3", "at most 15"]),
        ("orders in ()", ["empty list"]),
        ("orders in (1, r)", ["constants"]),
        ("abs(gender) > 1", ["abs()", "text"]),
        ("days_between(orders) > 1", ["days_between()", "date"]),
        ("", ["expected a condition"]),
    ],
)
def test_refusals_name_what_where_and_the_near_miss(text, words):
    with pytest.raises(ConfigError) as error:
        read(COLUMNS, one=text)
    for word in ["tiny.yaml: segments.rules.one.rule", *words]:
        assert word in str(error.value)


HOSTILE = [
    "orders > 1; drop table profile",
    "orders > 1 -- and more",
    "orders > 1 /* and more */",
    "(select 1) > orders",
    "exists (select 1 from contacts)",
    "orders in (select 1)",
    "orders > any (select 1)",
    "orders = orders union select 1",
    "orders > 1 order by 1",
    "read_csv('/etc/passwd') = 'x'",
    "getenv('HOME') = occupation",
    "occupation = getenv('HOME')",
    "orders > (1, 2)",
    "orders > sum(orders)",
    "percentile(80) over () < orders",
    "abs(orders) filter (where true) > 1",
    "count(*) > 1",
    "profile.* = 1",
    "a.b.profile.orders > 1",
    "occupation::integer > 1",
    "cast(occupation as integer) > 1",
    "case when orders > 1 then true end",
    "orders > $as_of",
    "orders > ?",
    "orders > :x",
    "occupation = e'\\x41'",
    "occupation = $$x$$",
    "occupation like 'a' escape 'b'",
    "occupation similar to 'a'",
    "occupation ~ 'a'",
    "occupation || 'a' = 'b'",
    "orders is distinct from 1",
    "orders[1] = 1",
    "[1, 2] = orders",
    "{'a': 1} = orders",
    "orders > 1 collate nocase",
    "lambda x: x > 1",
    "orders % 2 = 0",
    "orders > 1\0",
    "orders > 1\u202e",
    "orders > 1\u200b",
    "orders > １",
    "ｏrders > 1",
    "orders > 'x",
    'orders > "x',
    "orders > 1 and",
    "((orders > 1)",
    "(" * 11 + "orders > 1" + ")" * 11,
    "not " * 240 + "has_email",
    "- " * 240 + "orders > 1",
    "orders > 1 and " * 60 + "r = 1",
    "orders > " + "9" * 16,
    "r = 1" + " " * 1000,
    " or ".join(f"orders = {n}" for n in range(31)),
    "set x = 1",
    "drop table profile",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_rules_are_refused_with_one_error(text):
    with pytest.raises(ConfigError, match=r"tiny\.yaml: segments\.rules\.one") as error:
        read(COLUMNS, one=text)
    assert "\n" not in str(error.value)


ALLOWED_NODES = (
    *(exp.Select, exp.From, exp.Join, exp.Table, exp.TableAlias, exp.CTE, exp.With, exp.Union, exp.Subquery, exp.Star),
    *(exp.Alias, exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Tuple, exp.Cast),
    *(exp.DataType, exp.And, exp.Or, exp.Not, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.EQ, exp.NEQ, exp.In, exp.Is),
    *(exp.Like, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Coalesce, exp.Lower, exp.Upper, exp.Nullif),
    *(exp.DateDiff, exp.Var),
)
_WORDS = st.sampled_from(
    [
        *("orders", "r", "gender", "has_email", "occupation", "first_order_at", "rfm.net_spend", "previous_cltv.cltv"),
        *("email", "cltv", "nonsense", "90", "0.5", "'female'", "'2026-04-01'", "null", "true", "percentile(80)"),
        *("percentile(", "abs(", "days_between(", "lower(", "coalesce(", "sum(", "(", ")", ",", "+", "-", "*", "/"),
        *(
            ">",
            ">=",
            "=",
            "<>",
            "<",
            "and",
            "or",
            "not",
            "in",
            "is",
            "like",
            "between",
            "select",
            "from",
            "case",
            "when",
        ),
        *(
            "end",
            "::",
            "[",
            "]",
            "{",
            "}",
            ";",
            "--",
            "/*",
            "'",
            '"',
            "$x",
            "$$",
            "over",
            "union",
            "exists",
            "\\",
            "。",
            "😀",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join)))
@example("orders > 1 or 'a'")
@example("a.b.c.d.e > 1")
@example("orders.r > 1")
def test_any_text_is_a_rule_or_refused_and_a_rule_holds_only_what_is_allowed(text):
    try:
        found = read(COLUMNS, one=text)
    except ConfigError:
        return
    sql = whole(found)
    for node in sqlglot.parse_one(sql, read="duckdb").walk():
        assert isinstance(node, ALLOWED_NODES), (text, type(node), sql)


def whole(found: rules.Rules) -> str:
    text = compiling.conditions_sql(found.rules, found.columns)
    return bind(text, compiling.bound(text, found.rules, dict.fromkeys(found.rules[0].thresholds, 1.5), AS_OF))


def test_texts_of_a_rule_are_bound_and_not_pasted():
    found = read(COLUMNS, one="occupation = '$as_of'' or 1=1 --' and occupation like 'a;b%'".replace("--", "__"))
    text = compiling.conditions_sql(found.rules, found.columns)
    assert "as_of" not in text and "a;b" not in text
    literals = {
        node.this for node in sqlglot.parse_one(whole(found), read="duckdb").find_all(exp.Literal) if node.is_string
    }
    assert {"$as_of' or 1=1 __", "a;b%"} <= literals


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"rules": ["a"]}, ["segments.rules is ['a']"]),
        ({"rules": {"Big": {}}}, ["'Big' is no code", "small letters"]),
        ({"rules": {"loyal": {"title": title("x"), "rule": "r = 1"}}}, ["'loyal' is a named segment already"]),
        ({"rules": {"a": "r = 1"}}, ["is 'r = 1'", "title, rule, todo"]),
        ({"rules": {"a": {"title": title("x"), "rul": "r = 1"}}}, ["unknown key 'rul'", "Did you mean 'rule'?"]),
        ({"rules": {"a": {"title": title("x")}}}, ["has no 'rule'"]),
        ({"rules": {"a": {"title": {"en": "A"}, "rule": "r = 1"}}}, ["a.title", "{en: …, ja: …}"]),
        ({"rules": {"a": {"title": {"en": "A\nB", "ja": "あ"}, "rule": "r = 1"}}}, ["a.title.en", "one line"]),
        ({"rules": {"a": {"title": title("x"), "rule": 3}}}, ["is 3", "expected a condition"]),
        ({"rules": {f"a{'b' * n}": {} for n in range(39)} | {f"c{'b' * n}": {} for n in range(20)}}, ["at most 50"]),
    ],
)
def test_the_lines_of_the_file_are_checked(settings_, words):
    with pytest.raises(ConfigError) as error:
        rules.read_rules(settings_, COLUMNS, named=["loyal"], where="tiny.yaml")
    for word in ["tiny.yaml", *words]:
        assert word in str(error.value)


def test_only_tables_with_one_row_per_customer_and_no_contact_data_count():
    found = known(["profile", "contacts", "orders", "customer_months", "sales_priority", "rfm", "previous_orders"])
    assert found.readable == ("profile", "sales_priority", "rfm") and found.now == found.readable
    assert not {"customer_id", "email", "phone"} & {field.name for field in found.fields}
    [rule] = read(known(["cltv", "churn"]), one="cltv.cltv > 3 and p_alive < 0.5 and probability > 0.2")
    assert [condition.shown() for condition in rule.conditions][1:] == ["p_alive < 0.5", "probability > 0.2"]


def test_a_page_after_the_models_judges_the_same_rule_on_the_same_month():
    found = read(known(["rfm", "cltv"]), one="days_since_last_order > 90 and cltv >= percentile(80)")
    db = Engine(threads=1)
    db.execute(
        "create table rfm as select 'k' || i as customer_id, i as days_since_last_order, 'lost' as segment from range(200) as t(i)"
    )
    db.execute("create table cltv as select 'k' || i as customer_id, cast(i as double) as cltv from range(200) as t(i)")
    judged = segments.rules.apply_rules(db, found, as_of=AS_OF)
    assert judged.sizes["customers"].tolist() == [41]  # 159 … 199: the 160th of 200 is 159
    assert judged.sizes["conditions"].tolist() == ["days_since_last_order > 90\ncltv >= percentile(80) (= 159)"]


def test_the_house_holds_no_eval():
    for path in (Path(rules.__file__).parent).glob("*.py"):
        assert "eval(" not in path.read_text(encoding="utf-8") and "exec(" not in path.read_text(encoding="utf-8")
