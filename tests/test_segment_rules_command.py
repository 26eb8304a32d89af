"""The rules of a pipeline checked before any page runs, and tried on a published month by the command."""

import pytest
from conftest import ROOT
from test_contracts import looking_back, notebook
from test_segments_named import NAMED, RULES, pipeline

from customerbase import segments
from customerbase.__main__ import main
from customerbase.errors import ConfigError
from customerbase.pipeline import company_checks, segment_rules
from customerbase.pipeline.contracts import read_contracts


@pytest.fixture(autouse=True)
def shipped_again():
    yield
    segments.put_in_force()


def test_page_04_judges_the_rules_and_reads_no_later_page():
    page = company_checks.rule_page(read_contracts(ROOT / "notebooks"))
    assert page.path.stem == "04_segments"
    assert not {"cltv", "churn"} & set(page.reads) and {"cltv", "churn"} <= set(page.previous)
    assert set(page.writes) >= {f"segment_{name}" for name in ("rules", "members", "conditions", "overlap", "moves")}


def test_a_rule_that_needs_a_later_page_is_refused_before_any_page_runs(home):
    company = pipeline(home, RULES.replace("segment = 'rest' and previous_cltv.cltv", "cltv.cltv"))
    contracts = read_contracts(ROOT / "notebooks")
    with pytest.raises(ConfigError, match=r"'cltv' is not one this page reads.*known: previous_cltv\.cltv"):
        company_checks.check_segments(company, contracts)
    company_checks.check_segments(pipeline(home, NAMED + RULES), contracts)


def test_last_months_table_is_unknown_where_its_writer_is_left_out(home, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    looking_back(folder, "04_segments", "cltv", writes=["rfm", "segment_rules"])
    notebook(folder, "05_cltv", writes=["cltv"])
    contracts, company = read_contracts(folder), pipeline(home, NAMED + RULES)
    company_checks.check_segments(company, contracts)
    with pytest.raises(ConfigError, match="no table 'previous_cltv'"):
        company_checks.check_segments(company, contracts[:1])


def test_the_command_prints_conditions_columns_and_errors(home, capsys):
    broken = "    odd:\n      title: {en: Odd, ja: 奇}\n      rule: days_since_last_ordr > 90\n"
    pipeline(home, NAMED + RULES + broken)
    assert main(["rules", "tiny"]) == 2
    said = capsys.readouterr().out
    assert "✓ quiet · Quiet" in said and "  1. segment = 'rest'\n  2. previous_cltv.cltv > 3" in said
    assert "rfm.segment (text), previous_cltv.cltv (number)" in said
    assert "✗ odd" in said and "Did you mean 'days_since_last_order'?" in said and "1 cannot be." in said
    pipeline(home, NAMED + RULES)
    assert main(["rules", "tiny", "--language", "ja"]) == 0
    said = capsys.readouterr().out
    assert "✓ quiet · 静か" in said and "問題ありません" in said and "金、その他" in said


def test_the_shipped_rules_are_sound():
    lines, faults = segment_rules.check("sample")
    assert faults == 0 and sum(line.startswith("✓") for line in lines) == 3


def test_a_month_that_is_not_published_is_named(home, capsys):
    pipeline(home, NAMED + RULES)
    assert main(["rules", "tiny", "--month", "2026-10"]) == 2
    assert "nothing is published for pipeline 'tiny'" in capsys.readouterr().err
