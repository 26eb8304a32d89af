"""Audiences checked before any page runs, and tried on a published month by the command, which writes nothing."""

import json

import pandas as pd
import pytest
from audience_world import AS_OF
from conftest import ROOT
from rule_tables import table
from test_segments_named import NAMED, RULES, pipeline

from customerbase import segments
from customerbase.__main__ import main
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.pipeline import audience_rules, company_checks
from customerbase.pipeline.contracts import read_contracts
from customerbase.tables import store

GIVEN = """audiences:
  letters:
    title: {en: Letters, ja: 手紙}
    rule: orders >= 2
    segments: [quiet]
    channels: [post]
    purpose: {en: News., ja: お知らせ。}
  others:
    title: {en: The rest, ja: その他}
    rule: orders >= 1
    exclude: [letters, gold]
    channels: [email]
    holdout: 0.25
    cap: {most: 30, by: rfm.net_spend}
    purpose: {en: News., ja: お知らせ。}
"""


@pytest.fixture(autouse=True)
def shipped_again():
    yield
    segments.put_in_force()


def test_page_10_makes_the_audiences_and_reads_no_contact_data():
    page = company_checks.audience_page(read_contracts(ROOT / "notebooks"))
    assert page.path.stem == "10_audiences"
    assert not {"contacts", "contact_emails", "contact_phones", "customers_src", "customers_std"} & set(page.reads)


def test_an_audience_that_cannot_be_is_refused_before_any_page_runs(home):
    contracts = read_contracts(ROOT / "notebooks")
    company_checks.check_audiences(pipeline(home, NAMED + RULES + GIVEN), contracts)
    wrong = pipeline(home, NAMED + RULES + GIVEN.replace("orders >= 2", "ordres >= 2"))
    with pytest.raises(ConfigError, match=r"tiny\.yaml: audiences\.letters\.rule.*Did you mean 'orders'"):
        company_checks.check_audiences(wrong, contracts)
    with pytest.raises(ConfigError, match=r"settings\.list_matching: 'maybe' is no mode"):
        pipeline(home, NAMED + RULES + "settings: {list_matching: maybe}\n")


def test_the_command_prints_every_audience_or_its_one_error(home, capsys):
    pipeline(home, NAMED + RULES + GIVEN.replace("segments: [quiet]", "segments: [queit]"))
    assert main(["rules", "tiny"]) == 2
    said = capsys.readouterr().out
    assert "✗ letters" in said and "Did you mean 'quiet'?" in said and "audiences cannot be." in said
    pipeline(home, NAMED + RULES + GIVEN)
    assert main(["rules", "tiny", "--language", "ja"]) == 0
    said = capsys.readouterr().out
    assert "✓ others · その他" in said and "− gold; letters" in said and "≤ 30 (rfm.net_spend)" in said
    pipeline(home, NAMED + RULES)
    assert audience_rules.check("tiny") == ([], 0)


def test_the_shipped_audiences_are_sound():
    lines, faults = audience_rules.check("sample")
    assert faults == 0 and sum(line.startswith("✓") for line in lines) == 4


def test_audiences_are_tried_on_a_published_month(home, capsys):
    pipeline(home, NAMED + RULES + GIVEN)
    page = company_checks.audience_page(read_contracts(ROOT / "notebooks"))
    _publish(home, page.reads)
    before = sorted(path for path in home.rglob("*") if path.is_file())
    assert main(["rules", "tiny", "--month", "2026-10"]) == 0
    said = capsys.readouterr().out.splitlines()
    [quiet, letters, others] = [line for line in said if line.startswith("2026-10")]
    assert quiet.startswith("2026-10  Quiet: ")
    assert "Letters (post): Fit 0" in letters
    assert "The rest (e-mail): Fit 160, No consent 80, Opted out 0" in others and "To be contacted 30" in others
    assert sorted(path for path in home.rglob("*") if path.is_file()) == before


def _publish(home, reads) -> None:
    """200 people, 160 of them with an order; every second agreed to mail."""
    ids = [f"k{n:03d}" for n in range(200)]
    agreed = pd.DataFrame({"customer_id": ids[::2], "channel": "email", "purpose": "marketing", "state": "granted"})
    given = {
        "profile": pd.DataFrame({"customer_id": ids, "orders": [n % 5 for n in range(200)]}),
        "rfm": pd.DataFrame({"customer_id": ids, "net_spend": range(200), "segment": "rest"}),
        "profile_consents": agreed.assign(changed_at=pd.Timestamp(AS_OF)),
    }
    folder = home / "data/runs/tiny/2026-10/run1/tables"
    folder.mkdir(parents=True)
    db, nobody = Engine(threads=1), pd.DataFrame({"customer_id": pd.Series(dtype="object")})
    for name in reads:
        table(db, name, given.get(name, nobody))
        db.query(f"select * from {name}").write_parquet(str(folder / f"{name}.parquet"))
    about = {"run_id": "run1", "tables": {name: {"rows": 1, "sha256": "0"} for name in reads}}
    store.replace(folder.parent / "manifest.json", json.dumps(about))
    store.replace(folder.parents[1] / "current.json", json.dumps({"run_id": "run1", "folder": "run1"}))
