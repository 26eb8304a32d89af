"""Great Expectations' expectation types as fragments of SQL, in the subset DuckDB and Spark share.

Null semantics are the library's: a column rule leaves missing values out of its denominator, a rule over several
columns leaves rows out as `ignore_row_if` says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from customerbase.engine import identifier, literal
from customerbase.tables.schema import Expectation

Types = dict[str, str]  # column name -> type as the engine names it


@dataclass(frozen=True)
class RowRule:
    """Two predicates on one row: left out of the count, and as expected (null counts as not expected)."""

    ignored: str
    good: str

    def unexpected(self, value: str) -> str:
        """`value` where the row is unexpected, else null."""
        return f"case when {self.ignored} or {self.good} then null else {value} end"


@dataclass(frozen=True)
class UniqueRule:
    """Columns whose values together tell all rows apart that are not ignored."""

    columns: tuple[str, ...]
    ignored: str

    def repeated(self, relation: str) -> str:
        """The values that occur more than once, with n, how often."""
        names = ", ".join(identifier(name) for name in self.columns)
        return (
            f"select {names}, count(*) as n from {identifier(relation)} where not ({self.ignored})"
            f" group by {names} having count(*) > 1"
        )


def row_rule(expectation: Expectation, types: Types) -> RowRule | None:
    """The row rule an expectation stands for, or None when it is of another kind."""
    make = _ROW.get(expectation.type)
    return make(expectation.kwargs, types) if make else None


def unique_rule(expectation: Expectation) -> UniqueRule | None:
    """The uniqueness rule an expectation stands for, or None when it is of another kind."""
    if expectation.type == "expect_column_values_to_be_unique":
        return UniqueRule(expectation.columns, f"{identifier(expectation.kwargs['column'])} is null")
    if expectation.type == "expect_compound_columns_to_be_unique":
        return UniqueRule(expectation.columns, _ignored(expectation.columns, expectation.kwargs))
    return None


def measure(expectation: Expectation, types: Types) -> tuple[str, str] | None:
    """Aggregates (observed value, success) of a measured expectation, or None when it is of another kind."""
    kwargs = expectation.kwargs
    if expectation.type == "expect_table_row_count_to_equal":
        return "count(*)", f"count(*) = {constant(kwargs['value'])}"
    if expectation.type not in _MEASURES:
        return None
    name = kwargs.get("column", "")
    value = _MEASURES[expectation.type].format(x=identifier(name))
    return value, f"coalesce({_between(value, kwargs, types.get(name, ''))}, false)"


def constant(value: object, kind: str = "") -> str:
    """A value of an expectation as a literal; text meant for a date or time column becomes a time."""
    if isinstance(value, str) and kind.startswith(("DATE", "TIMESTAMP")):
        return f"cast({literal(value)} as timestamp)"
    text = literal(value)
    return text.replace("$", "' || chr(36) || '") if isinstance(value, str) else text  # no $name for Engine to bind


def _between(value: str, kwargs: dict, kind: str = "") -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    parts = []
    if low is not None:
        parts.append(f"{value} {'>' if kwargs.get('strict_min') else '>='} {constant(low, kind)}")
    if high is not None:
        parts.append(f"{value} {'<' if kwargs.get('strict_max') else '<='} {constant(high, kind)}")
    return f"({' and '.join(parts) or 'true'})"


def _ignored(columns: tuple[str, ...], kwargs: dict) -> str:
    mode = kwargs.get("ignore_row_if", "all_values_are_missing")
    if mode in ("neither", "never"):
        return "false"
    joint = " or " if mode in ("either_value_is_missing", "any_value_is_missing") else " and "
    return "(" + joint.join(f"{identifier(name)} is null" for name in columns) + ")"


def _on_value(good: Callable[[str, dict, str], str]) -> Callable[[dict, Types], RowRule]:
    """A rule on the values of one column; `good` gets the quoted column, the keywords and the column's type."""

    def make(kwargs: dict, types: Types) -> RowRule:
        column = identifier(kwargs["column"])
        return RowRule(f"{column} is null", good(column, kwargs, types.get(kwargs["column"], "")))

    return make


def _on_pair(good: Callable[[str, str, dict], str]) -> Callable[[dict, Types], RowRule]:
    def make(kwargs: dict, types: Types) -> RowRule:
        pair = kwargs["column_A"], kwargs["column_B"]
        return RowRule(_ignored(pair, kwargs), good(*map(identifier, pair), kwargs))

    return make


def _on_list(good: Callable[[list[str], dict], str]) -> Callable[[dict, Types], RowRule]:
    def make(kwargs: dict, types: Types) -> RowRule:
        columns = tuple(kwargs["column_list"])
        return RowRule(_ignored(columns, kwargs), good([identifier(name) for name in columns], kwargs))

    return make


def _in_set(column: str, kwargs: dict, kind: str) -> str:
    text = kind.startswith("VARCHAR")
    # a number never equals a text: comparing them in SQL would cast, and fail on the first word
    values = [v for v in kwargs["value_set"] if v is not None and (isinstance(v, str) or not text)]
    if not text and not kind.startswith(("DATE", "TIMESTAMP")) and kind:
        values = [v for v in values if not isinstance(v, str)]
    return f"{column} in ({', '.join(constant(v, kind) for v in values)})" if values else "false"


def _pair_in_set(a: str, b: str, kwargs: dict) -> str:
    pairs = [f"({a} = {constant(x)} and {b} = {constant(y)})" for x, y in kwargs["value_pairs_set"]]
    return f"({' or '.join(pairs) or 'false'})"


def _matches(column: str, regex: str) -> str:
    return f"regexp_matches(cast({column} as varchar), {constant(regex)})"


def _matches_list(column: str, kwargs: dict) -> str:
    joint = " and " if kwargs.get("match_on") == "all" else " or "
    return f"({joint.join(_matches(column, regex) for regex in kwargs['regex_list'])})"


def _length(column: str) -> str:
    return f"length(cast({column} as varchar))"


def _all_different(columns: list[str]) -> str:
    return f"({' and '.join(f'{a} is distinct from {b}' for a, b in combinations(columns, 2)) or 'true'})"


def _all_equal(columns: list[str]) -> str:
    return f"({' and '.join(f'{columns[0]} is not distinct from {other}' for other in columns[1:]) or 'true'})"


_ROW: dict[str, Callable[[dict, Types], RowRule]] = {
    "expect_column_values_to_not_be_null": lambda k, t: RowRule("false", f"{identifier(k['column'])} is not null"),
    "expect_column_values_to_be_null": lambda k, t: RowRule("false", f"{identifier(k['column'])} is null"),
    "expect_column_values_to_be_in_set": _on_value(_in_set),
    "expect_column_values_to_not_be_in_set": _on_value(lambda c, k, t: f"not ({_in_set(c, k, t)})"),
    "expect_column_values_to_be_between": _on_value(_between),
    "expect_column_values_to_match_regex": _on_value(lambda c, k, t: _matches(c, k["regex"])),
    "expect_column_values_to_not_match_regex": _on_value(lambda c, k, t: f"not {_matches(c, k['regex'])}"),
    "expect_column_values_to_match_regex_list": _on_value(lambda c, k, t: _matches_list(c, k)),
    "expect_column_values_to_not_match_regex_list": _on_value(lambda c, k, t: f"not {_matches_list(c, k)}"),
    "expect_column_value_lengths_to_be_between": _on_value(lambda c, k, t: _between(_length(c), k)),
    "expect_column_value_lengths_to_equal": _on_value(lambda c, k, t: f"{_length(c)} = {constant(k['value'])}"),
    "expect_column_pair_values_a_to_be_greater_than_b": _on_pair(
        lambda a, b, k: f"{a} {'>=' if k.get('or_equal') else '>'} {b}"
    ),
    "expect_column_pair_values_to_be_equal": _on_pair(lambda a, b, k: f"{a} = {b}"),
    "expect_column_pair_values_to_be_in_set": _on_pair(_pair_in_set),
    "expect_select_column_values_to_be_unique_within_record": _on_list(lambda cs, k: _all_different(cs)),
    "expect_multicolumn_values_to_be_equal": _on_list(lambda cs, k: _all_equal(cs)),
    "expect_multicolumn_sum_to_equal": _on_list(lambda cs, k: f"{' + '.join(cs)} = {constant(k['sum_total'])}"),
}
# sums of decimals and integers are exact before the cast; sums of doubles may differ in the last digits
_MEASURES = {
    "expect_column_min_to_be_between": "min({x})",
    "expect_column_max_to_be_between": "max({x})",
    "expect_column_mean_to_be_between": "cast(avg({x}) as double)",
    "expect_column_sum_to_be_between": "cast(coalesce(sum({x}), 0) as double)",
    "expect_column_median_to_be_between": "median(cast({x} as double))",
    "expect_column_stdev_to_be_between": "stddev_samp(cast({x} as double))",
    "expect_column_unique_value_count_to_be_between": "count(distinct {x})",
    "expect_column_proportion_of_unique_values_to_be_between": "case when count({x}) > 0 then cast(count(distinct {x}) as double) / count({x}) else 0 end",
    "expect_column_proportion_of_non_null_values_to_be_between": "case when count(*) > 0 then cast(count({x}) as double) / count(*) else 0 end",
    "expect_table_row_count_to_be_between": "count(*)",
}
