"""The sample company: reproducible, complete, consistent with its truth, and readable by the intake to the last row."""

import csv
import hashlib
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sample_company
from sample_company import SOURCES, one, rows

from customerbase import sample
from customerbase.errors import ConfigError
from customerbase.sample import office, strings
from customerbase.sources.mapping import load_source
from customerbase.tables.schema import schemas

company, truth = sample_company.company, sample_company.truth  # the fixtures


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_arguments_same_bytes_another_seed_other_bytes(tmp_path):
    first, again, other = (
        sample.generate(300, seed, 4, tmp_path / name) for seed, name in ((1, "a"), (1, "b"), (2, "c"))
    )
    assert digests(first) == digests(again)
    assert digests(sample.truth_folder(first)) == digests(sample.truth_folder(again))
    different = {name for name, digest in digests(other).items() if digests(first).get(name) != digest}
    assert {"pos/members.csv", "webshop/survey_answers.xlsx", "app/orders.parquet"} <= different


def test_blocks_do_not_depend_on_what_comes_after_them(tmp_path, monkeypatch):
    monkeypatch.setattr(sample.people, "BLOCK", 100)
    one_block = sample.generate(100, 1, 3, tmp_path / "one")
    two_blocks = sample.generate(200, 1, 3, tmp_path / "two")
    short, long = ((path / "pos/members.csv").read_bytes() for path in (one_block, two_blocks))
    assert long.startswith(short) and len(long) > len(short) * 1.5
    links = f"read_parquet('{sample.truth_folder(two_blocks) / 'links.parquet'}')"
    assert one(
        duckdb.connect(), f"select count(*) = count(distinct (source_system, source_customer_id)) from {links}"
    ) == (True,)


def test_every_canonical_table_has_files(company):
    known = schemas()
    specs = [spec for path in SOURCES for spec in load_source(path, known).files]
    for spec in specs:
        assert list(company.glob(spec.pattern)), f"no file for {spec.pattern}"
    written = {table.table for spec in specs for table in spec.tables}
    declared = {name for name, schema in known.items() if schema.kind == "source"}
    # the company sells goods; it has no subscriptions
    assert declared - written <= {"identity_links", "contacts", "subscriptions"}


def test_no_file_stands_outside_the_mappings(company):
    patterns = [spec.pattern for path in SOURCES for spec in load_source(path, schemas()).files]
    mapped = {path for pattern in patterns for path in company.glob(pattern)}
    assert {path.name for path in company.rglob("*") if path.is_file() and path not in mapped} == {"SAMPLE.txt"}


def test_truth_stands_beside_the_data(company):
    assert sample.truth_folder(company).parent == company.parent
    assert not list(company.rglob("*truth*"))


def test_totals_are_the_sums_of_their_lines_on_clean_orders(company, truth):
    for folder, pattern, encoding, key, total in (
        ("pos", "sales_*.csv", "cp932", "伝票番号", "合計"),
        ("webshop", "orders_*.csv", "utf-8", "注文ID", "支払合計"),
    ):
        totals, sums, touched = {}, {}, set()
        for path in sorted((company / folder).glob(pattern)):
            spoilt = {line for (line,) in rows(truth, f"select line from defects where file = '{folder}/{path.name}'")}
            with path.open(encoding=encoding, errors="replace", newline="") as file:
                reader = csv.DictReader(file)
                before = reader.line_num
                for row in reader:
                    if not spoilt.isdisjoint(range(before, reader.line_num + 2)):
                        touched.add(row[key])
                    elif row[key] not in touched:
                        totals[row[key]] = Decimal(row[total])
                        sums[row[key]] = sums.get(row[key], 0) + Decimal(row["金額"])
                    before = reader.line_num
        clean = totals.keys() - touched
        assert len(clean) > 0.85 * len(totals | dict.fromkeys(touched)) and len(clean) > 400
        assert {order for order in clean if totals[order] != sums[order]} == set()


def test_app_totals_are_the_sums_of_their_lines(company):
    query = f"""select count(*), count(*) filter (where total_jpy <> lines)
        from read_parquet('{company}/app/orders.parquet')
        join (select order_id, sum(amount_jpy) as lines from read_parquet('{company}/app/order_lines.parquet')
              group by order_id) using (order_id)"""
    count, wrong = one(duckdb.connect(), query)
    assert count > 100 and wrong == 0


def test_a_person_is_one_line_account_until_they_come_back_with_another(company, truth):
    with (company / "app/line_ids.csv").open(encoding="utf-8", newline="") as file:
        listed = [tuple(row.values()) for row in csv.DictReader(file)]
    spoilt = {after for (after,) in rows(truth, "select after from defects where kind = 'line_handle'")}
    assert spoilt and spoilt <= {value for _, value, _ in listed}
    person = dict(rows(truth, "select source_customer_id, person_id from links where source_system = 'app'"))
    known: dict[str, set[str]] = {}
    for account, value, _ in listed:
        if value not in spoilt:
            assert re.fullmatch("U[0-9a-f]{32}", value)
            known.setdefault(person[account], set()).add(value)
    assert {len(one) for one in known.values()} <= {1, 2} and len(set.union(*known.values())) == sum(
        map(len, known.values())
    )
    assert 0.3 < len(known) / len(set(person.values())) < 0.6


def test_cp932_keeps_its_special_characters(company):
    text = (company / "pos/stores.csv").read_bytes().decode("cp932")
    assert "①" in text and "～" in text
    members = (company / "pos/members.csv").read_bytes().decode("cp932", errors="replace")
    assert "髙橋" in members and "﨑" in members and "ﾀｶﾊｼ" in members


# --- the door -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customers", "seed", "months"), [(0, 1, 3), (10, -1, 3), (10, 1, 0), ("10", 1, 3), (True, 1, 3)]
)
def test_impossible_sizes_are_refused(tmp_path, customers, seed, months):
    with pytest.raises(ConfigError, match="expected a whole number"):
        sample.generate(customers, seed, months, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_strangers_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("dear diary")
    with pytest.raises(ConfigError, match=r"diary\.txt"):
        sample.generate(10, 1, 2, tmp_path / "mine")
    assert (tmp_path / "mine/diary.txt").read_text() == "dear diary"


@pytest.mark.parametrize(("customers", "seed", "months"), [(1, 1, 1), (1, 2, 1), (3, 1, 2)])
def test_the_smallest_company(tmp_path, customers, seed, months):
    out = sample.generate(customers, seed=seed, months=months, out=tmp_path / "tiny")
    assert (out / "pos/sales_202610.csv").is_file()


def test_a_second_run_replaces_the_first(tmp_path):
    sample.generate(200, 1, 6, tmp_path / "again")
    out = sample.generate(100, 1, 2, tmp_path / "again")
    assert sorted(path.name for path in (out / "pos").glob("sales_*")) == ["sales_202609.csv", "sales_202610.csv"]


def test_holidays_of_known_years():
    known = {
        date(2026, 5, 6): "振替休日", date(2026, 9, 21): "敬老の日", date(2026, 9, 22): "国民の休日", date(2026, 9, 23): "秋分の日",
        date(2026, 3, 20): "春分の日", date(2025, 2, 24): "振替休日", date(2025, 11, 24): "振替休日", date(2026, 1, 12): "成人の日",
        date(2026, 10, 12): "スポーツの日", date(2026, 10, 13): None, date(2025, 5, 6): "振替休日", date(2026, 7, 20): "海の日",
    }  # fmt: skip
    assert {day: office.holiday(day) for day in known} == known


@pytest.mark.parametrize(
    ("kana", "short", "long"),
    [("サトウ", "SATO", "SATOU"), ("ショウタ", "SHOTA", "SHOUTA"), ("ハットリ", "HATTORI", "HATTORI"),
     ("オオノ", "ONO", "OONO"), ("ジュンコ", "JUNKO", "JUNKO"), ("キョウコ", "KYOKO", "KYOUKO")],
)  # fmt: skip
def test_romaji(kana, short, long):
    assert (strings.romaji(kana), strings.romaji(kana, long_vowels=True)) == (short, long)


def test_half_width_kana():
    assert strings.half_kana("ワタナベショウパ") == "ﾜﾀﾅﾍﾞｼｮｳﾊﾟ"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_company(tmp_path):
    def peak(customers: int) -> float:
        code = (
            f"from customerbase import sample; sample.generate({customers}, 1, 3, {str(tmp_path / str(customers))!r})"
        )
        code += "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return int(done.stdout) / (1024 if sys.platform == "linux" else 1024**2)

    assert peak(100_000) - peak(20_000) < 150  # MB
