"""python -m customerbase cltv: files people have in, one row per customer out, nothing lost and nobody named."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from customerbase import cltv
from customerbase.__main__ import main

UNTIL = date(2026, 10, 30)
PARAMETERS = {"r": 0.6, "alpha": 7.0, "a": 0.8, "b": 2.2}


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A log in whole yen whose newest day is UNTIL."""
    made = cltv.simulated_log(
        150, family="mbg_nbd", parameters=PARAMETERS, spend={"p": 6.0, "q": 4.0, "gamma": 1500.0}, until=UNTIL, seed=3
    )
    last = pd.DataFrame({"customer": ["C00001"], "date": [pd.Timestamp(UNTIL)], "amount": [1200.0]})
    return pd.concat([made.assign(amount=made["amount"].round()), last], ignore_index=True)


@pytest.fixture(scope="module")
def japanese(log) -> list[str]:
    return [f'{day:%Y/%m/%d},{customer},"{amount:,.0f}"' for customer, day, amount in log.itertuples(index=False)]


def cp932(path: Path, rows: list[str], heading: str = "注文日,会員番号,金額") -> Path:
    path.write_bytes(("\r\n".join([heading, *rows]) + "\r\n").encode("cp932"))
    return path


def run(capsys, *words: object) -> str:
    """What the command said; it has to succeed."""
    status = main(["cltv", *map(str, words)])
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out


def refused(capsys, *words: object) -> str:
    """Why the command refused; it has to."""
    status = main(["cltv", *map(str, words)])
    said = capsys.readouterr()
    assert status == 2 and said.out == ""
    return said.err


def by_hand(log: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """frequency, recency, T of every customer in plain pandas."""
    days = log[log["date"] <= pd.Timestamp(as_of)].groupby("customer")["date"].agg(["nunique", "min", "max"])
    return pd.DataFrame({
        "frequency": days["nunique"] - 1,
        "recency": (days["max"] - days["min"]).dt.days / 7,
        "T": (pd.Timestamp(as_of) - days["min"]).dt.days / 7,
    })  # fmt: skip


def matches(rows: pd.DataFrame, expected: pd.DataFrame) -> None:
    found = rows.set_index("customer_id")[["frequency", "recency", "T"]]
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_dtype=False, rtol=1e-12)


# --- files people have -----------------------------------------------------------------------------------------------


def test_japanese_headings_in_cp932(log, japanese, tmp_path, capsys):
    out = tmp_path / "値.csv"
    said = run(capsys, cp932(tmp_path / "受注.csv", japanese), "--out", out)
    rows = pd.read_csv(out)
    matches(rows, by_hand(log, UNTIL))
    assert f"{len(log):,} rows read = {len(log):,} accepted + 0 set aside" in said
    assert "注文日" in said and "orders.order_at" in said and "150 customers, known up to 30 Oct 2026" in said
    spent = log.groupby("customer")["amount"].sum()
    repeat = spent - log[log["date"] == log.groupby("customer")["date"].transform("min")].groupby("customer")["amount"].sum()  # fmt: skip
    mean = rows.set_index("customer_id")["monetary_value"].dropna()
    pd.testing.assert_series_equal(
        mean, (repeat / by_hand(log, UNTIL)["frequency"])[mean.index], check_names=False, rtol=1e-9
    )
    assert (rows["cltv"] >= 0).all() and (rows["cltv_low"] <= rows["cltv_high"]).all()
    assert rows["p_alive"].between(0, 1).all() and (rows["as_of"] == "2026-10-30").all()


def test_the_form_of_the_file_does_not_matter(log, japanese, tmp_path, capsys):
    log.rename(columns={"customer": "会員番号", "date": "注文日", "amount": "金額"}).to_excel(
        tmp_path / "受注.xlsx", index=False
    )
    log.to_parquet(tmp_path / "log.parquet")
    log.to_csv(tmp_path / "log.tsv", index=False, sep="\t")
    files = [cp932(tmp_path / "受注.csv", japanese), *(tmp_path / name for name in ("受注.xlsx", "log.parquet", "log.tsv"))]  # fmt: skip
    texts = set()
    for number, file in enumerate(files):
        run(capsys, file, "--out", tmp_path / f"{number}.csv")
        texts.add((tmp_path / f"{number}.csv").read_bytes())
    assert len(texts) == 1


def test_several_files_are_one_log(log, japanese, tmp_path, capsys):
    half = len(japanese) // 2
    parts = [cp932(tmp_path / "a.csv", japanese[:half]), cp932(tmp_path / "b.csv", japanese[half:])]
    run(capsys, *parts, "--out", tmp_path / "two.csv")
    run(capsys, cp932(tmp_path / "all.csv", japanese), "--out", tmp_path / "one.csv")
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_a_log_without_amounts_shows_no_money(log, tmp_path, capsys):
    log[["customer", "date"]].to_csv(tmp_path / "visits.csv", index=False)
    said = run(capsys, tmp_path / "visits.csv", "--out", tmp_path / "out.csv")
    rows = pd.read_csv(tmp_path / "out.csv")
    matches(rows, by_hand(log, UNTIL))
    assert "The log has no amounts" in said and "lifetime value, all together" not in said
    assert not {"cltv", "spend_12m", "monetary_value", "expected_spend"} & set(rows)
    assert (rows["spend_basis"] == "none").all() and rows["p_alive"].between(0, 1).all()


# --- what the guess and the options do -------------------------------------------------------------------------------


def test_columns_may_be_told(log, tmp_path, capsys):
    """Two ids and two amounts stand side by side; the guess alone would take the others."""
    odd = log.assign(member=log["customer"].str[-2:], net=log["amount"] / 2).rename(columns={"date": "day"})
    odd.to_csv(tmp_path / "odd.csv", index=False)
    told = ("--customer", "member", "--amount", "net", "--date", "day")
    run(capsys, tmp_path / "odd.csv", "--out", tmp_path / "guessed.parquet")
    assert set(pq.read_table(tmp_path / "guessed.parquet")["customer_id"].to_pylist()) == set(odd["customer"])
    run(capsys, tmp_path / "odd.csv", *told, "--out", tmp_path / "out.parquet")
    rows = pq.read_table(tmp_path / "out.parquet").to_pandas()
    assert set(rows["customer_id"]) == set(odd["member"])
    first = odd[odd["day"] == odd.groupby("member")["day"].transform("min")].groupby("member")["net"].sum()
    repeat = odd.groupby("member")["net"].sum() - first
    mean = rows.set_index("customer_id")["monetary_value"]
    several = odd.groupby("member")["day"].nunique() - 1
    pd.testing.assert_series_equal(mean, (repeat / several)[mean.index], check_names=False, rtol=1e-9)


@pytest.mark.parametrize(
    ("option", "word", "near"),
    [("--customer", "会員番", "会員番号"), ("--date", "注文", "注文日"), ("--amount", "金", "金額")],
)
def test_a_heading_that_is_not_there_names_the_near_miss(japanese, tmp_path, capsys, option, word, near):
    file = cp932(tmp_path / "受注.csv", japanese)
    said = refused(capsys, file, option, word, "--out", tmp_path / "out.csv")
    assert f"{option} {word!r} is no column of 受注.csv. Did you mean {near!r}?" in said
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_no_log_is_refused_with_the_options_that_help(tmp_path, capsys):
    rows = [f"/page{n % 7},2026-01-{1 + n % 28:02d}" for n in range(200)]
    (tmp_path / "pages.csv").write_text("\n".join(["page,at", *rows]), encoding="utf-8")
    said = refused(capsys, tmp_path / "pages.csv", "--out", tmp_path / "out.csv")
    assert "no purchases recognised" in said and "--customer, --date and --amount" in said


def test_no_customer_column(log, tmp_path, capsys):
    till = pd.DataFrame({"order_no": range(len(log)), "date": log["date"], "total": log["amount"]})
    till.to_csv(tmp_path / "till.csv", index=False)
    said = refused(capsys, tmp_path / "till.csv", "--out", tmp_path / "out.csv")
    assert "till.csv" in said and "customer" in said and "--customer HEADING" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "out.xlsx"), "unknown kind of file '.xlsx'; expected one of .csv, .parquet"),
        (("--out", "out.csvv"), "Did you mean '.csv'?"),
        (("--out", "nowhere/out.csv"), "does not exist"),
        (("--out", "out.csv", "--family", "mgb_nbd"), "Did you mean 'mbg_nbd'?"),
        (("--out", "out.csv", "--margin", "40"), "margin is 40.0; expected a share"),
        (("--out", "out.csv", "--discount", "-0.1"), "annual discount rate is -0.1"),
        (("--out", "out.csv", "--horizon", "0"), "horizon_months is 0; expected a whole number from 1 to 120"),
        (("--out", "out.csv", "--as-of", "2020-01-01"), "the first order is of 20"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(japanese, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    cp932(tmp_path / "log.csv", japanese)
    assert said in refused(capsys, "log.csv", *words)
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_a_missing_file_is_named(tmp_path, japanese, capsys):
    cp932(tmp_path / "orders.csv", japanese)
    said = refused(capsys, tmp_path / "order.csv", "--out", tmp_path / "out.csv")
    assert "order.csv" in said and "Did you mean 'orders.csv'?" in said


# --- the last day ----------------------------------------------------------------------------------------------------


def test_the_last_day_is_the_newest_or_the_one_that_is_told(log, japanese, tmp_path, capsys):
    file, early = cp932(tmp_path / "受注.csv", japanese), UNTIL - timedelta(days=200)
    run(capsys, file, "--out", tmp_path / "newest.csv")
    run(capsys, file, "--as-of", UNTIL, "--out", tmp_path / "told.csv")
    assert (tmp_path / "newest.csv").read_bytes() == (tmp_path / "told.csv").read_bytes()
    said = run(capsys, file, "--as-of", early, "--out", tmp_path / "early.csv")
    matches(pd.read_csv(tmp_path / "early.csv"), by_hand(log, early))
    later = int((log["date"] > pd.Timestamp(early)).sum())
    assert f"{len(log):,} rows read = {len(log) - later:,} accepted + {later} set aside" in said


def test_a_typing_error_in_the_future_is_not_the_newest_day(log, japanese, tmp_path, capsys):
    said = run(capsys, cp932(tmp_path / "受注.csv", [*japanese, "2062/10/01,C00001,500"]), "--out", tmp_path / "o.csv")
    assert "known up to 30 Oct 2026" in said and "+ 1 set aside" in said and "after_month" in said
    matches(pd.read_csv(tmp_path / "o.csv"), by_hand(log, UNTIL))


# --- rows that cannot be, and hostile ones -----------------------------------------------------------------------------


def test_bad_rows_are_set_aside_and_counted(log, japanese, tmp_path, capsys):
    bad = ['2026/13/40,C00001,"1,000"', "2026/10/01,C00002,千円", "いつか,C00003,500"]
    anonymous = ['2026/10/01,,"1,200"'] * 2
    mixed = [*japanese[:7], *bad, *japanese[7:], *anonymous]
    said = run(capsys, cp932(tmp_path / "受注.csv", mixed), "--out", tmp_path / "out.csv")
    assert f"{len(mixed):,} rows read = {len(mixed) - 3:,} accepted + 3 set aside" in said
    reasons = {tuple(line.split()) for line in said.splitlines() if line.startswith("invalid_")}
    assert reasons == {("invalid_date", "order_at", "2"), ("invalid_amount", "amount", "1")}
    matches(pd.read_csv(tmp_path / "out.csv"), by_hand(log, UNTIL))
    run(capsys, cp932(tmp_path / "good.csv", japanese), "--out", tmp_path / "good.out.csv")
    assert (tmp_path / "good.out.csv").read_bytes() == (tmp_path / "out.csv").read_bytes()


def test_ids_that_a_spreadsheet_would_run_are_inert(log, tmp_path, capsys):
    evil = log.assign(customer="=HYPERLINK(A1)" + log["customer"])
    evil.to_csv(tmp_path / "evil.csv", index=False)
    run(capsys, tmp_path / "evil.csv", "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        ids = [row["customer_id"] for row in csv.DictReader(stream)]
    assert ids == ["'" + one for one in sorted(set(evil["customer"]))]
    run(capsys, tmp_path / "evil.csv", "--out", tmp_path / "out.parquet")  # a program reads them as they are
    assert pq.read_table(tmp_path / "out.parquet")["customer_id"].to_pylist() == sorted(set(evil["customer"]))


def test_nothing_of_a_customer_is_printed(log, tmp_path, capsys):
    named = log.assign(customer="山田" + log["customer"])
    cp932(tmp_path / "受注.csv", [f"{d:%Y/%m/%d},{c},{a:.0f}" for c, d, a in named.itertuples(index=False)])
    for language in ("en", "ja"):
        said = run(capsys, tmp_path / "受注.csv", "--out", tmp_path / "out.csv", "--language", language)
        assert "山田" not in said and "C00" not in said
    assert "読み込み" in said and "顧客 150人" in said and "80%区間" in said


# --- the same bytes --------------------------------------------------------------------------------------------------


def test_the_same_bytes_twice_whatever_the_order_of_rows(japanese, tmp_path, capsys):
    said = []
    for name, rows in (("a", japanese), ("b", japanese), ("c", japanese[::-1])):
        cp932(tmp_path / "受注.csv", rows)
        said.append(run(capsys, tmp_path / "受注.csv", "--out", tmp_path / f"{name}.csv").replace(f"{name}.csv", ""))
    assert len({(tmp_path / f"{name}.csv").read_bytes() for name in "abc"}) == 1 and len(set(said)) == 1


def test_value_is_that_of_the_package(log, tmp_path, capsys):
    """The command, the intake and the month's SQL give what the package gives from the frame itself."""
    log.to_csv(tmp_path / "log.csv", index=False)
    options = ("--horizon", "6", "--discount", "0.2", "--margin", "0.4", "--family", "mbg_nbd", "--holdout", "0")
    run(capsys, tmp_path / "log.csv", *options, "--out", tmp_path / "out.parquet")
    rows = pq.read_table(tmp_path / "out.parquet").to_pandas()
    summary = cltv.summary(log, customer="customer", date="date", amount="amount", as_of=UNTIL)
    fitted = cltv.fit(summary, "mbg_nbd", first_order_counts=True)
    same = fitted.predict(summary, months=6, annual_discount=0.2, margin=0.4)
    numbers = [name for name in rows if name not in ("customer_id", "as_of", "model", "spend_basis", "p_alive_model")]
    assert len(numbers) > 20
    pd.testing.assert_frame_equal(rows[numbers], same[numbers], check_dtype=False, rtol=1e-9)
