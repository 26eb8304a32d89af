"""A published month of three customers, written by hand: one merged out of two accounts, one with a single purchase, one without any."""

import json
from datetime import date, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import serving_base as base

import customerbase.dashboards.customer as customer
from customerbase import i18n
from customerbase.dashboards.part import Part, records
from customerbase.engine import Engine, identifier, literal
from customerbase.report import ReportData
from customerbase.tables import store
from customerbase.tables.schema import schema

MERGED, ONCE, NEVER = (f"C{two * 8}" for two in ("A1", "B2", "N3"))
FORMER, NOBODY = f"C{'F6' * 8}", f"C{'Z9' * 8}"
AS_OF = date(2026, 10, 31)
ACCOUNTS = ("POS-778899", "WEB-112233")  # ids of source systems, which the page does not show
HOSTILE = "<script>alert('春')</script>"
EVIDENCE = {"given_name": "same kanji and reading", "mobile": "same", "birth_date": "same day"}


def _event(customer_id: str, at: str, kind: str, reference: str, detail: str, amount: float | None = None, **more):
    """A row of the timeline."""
    row = {"customer_id": customer_id, "event_at": datetime.fromisoformat(at), "kind": kind, "source_system": "pos"}
    return row | {"source_row_id": reference, "reference": reference, "detail": detail, "amount": amount} | more


TABLES: dict[str, list[dict]] = {
    "profile": [
        {"customer_id": MERGED, "accounts": 2, "systems": "pos,web", "age_band": "40-49", "prefecture": "東京都",
         "orders": 3, "net_spend": 11500, "first_order_at": datetime(2025, 3, 4), "last_order_at": datetime(2026, 10, 2),
         "main_channel": "web", "favourite_category": HOSTILE, "points_balance": 1234},
        {"customer_id": ONCE, "accounts": 1, "systems": "pos", "age_band": "70+", "orders": 1, "net_spend": 800,
         "first_order_at": datetime(2026, 9, 9), "last_order_at": datetime(2026, 9, 9), "main_channel": "store"},
        {"customer_id": NEVER, "accounts": 1, "systems": "web", "orders": 0, "net_spend": 0},
    ],
    "rfm": [
        {"customer_id": MERGED, "as_of": AS_OF, "days_since_last_order": 29, "order_count": 3, "net_spend": 11500, "r": 5,
         "f": 4, "m": 4, "segment": "loyal"},
    ],
    "rfm_history": [
        *({"customer_id": MERGED, "month": date(2026, month, 1), "segment": segment} for month, segment in
          ((6, "loyal"), (8, "champions"), (9, "loyal"), (10, "loyal"))),
        {"customer_id": FORMER, "month": date(2026, 7, 1), "segment": "at_risk"},
        {"customer_id": MERGED, "month": date(2026, 11, 1), "segment": "lost"},  # a later month, written since
    ],
    "cltv": [
        {"customer_id": MERGED, "as_of": AS_OF, "frequency": 2, "spend_basis": "own", "p_alive": 0.75, "purchases_12m": 2.5,
         "cltv": 4321.0, "cltv_low": 1000.0, "cltv_high": 9000.0, "previous_cltv": 4000.0},
        {"customer_id": ONCE, "as_of": AS_OF, "frequency": 0, "spend_basis": "population", "p_alive": 0.5,
         "purchases_12m": 1.0, "cltv": 900.0, "cltv_low": 0.0, "cltv_high": 2000.0},
    ],
    "churn": [
        {"customer_id": MERGED, "as_of": AS_OF, "horizon_days": 90, "probability": 0.31, "risk_band": "medium",
         "cltv": 4321.0, "cltv_low": 1000.0, "cltv_high": 9000.0, "value_at_risk": 1339.51, "value_at_risk_low": 310.0,
         "value_at_risk_high": 2790.0, "previous_probability": 0.25},
    ],
    "churn_curves": [
        {"curve": "reliability", "model": "chosen", "bin": number, "n": 500 + number, "predicted": predicted,
         "actual": predicted, "low": low, "high": high}
        for number, predicted, low, high in ((1, 0.9, 0.85, 0.94), (2, 0.33, 0.28, 0.39), (3, 0.05, 0.01, 0.09))
    ],
    "churn_reasons": [
        {"customer_id": MERGED, "rank": 1, "as_of": AS_OF, "reason": "silence", "contribution": 0.5, "value_a": 29.0,
         "value_b": 180.0},
        {"customer_id": MERGED, "rank": 2, "as_of": AS_OF, "reason": "spend", "contribution": 0.3, "value_a": 11500.0},
    ],
    "propensity": [
        {"customer_id": MERGED, "as_of": AS_OF, "horizon_days": 90, "p_30": 0.42, "low_days": 3.0, "median_days": 40.0,
         "high_days": None, "previous_p_30": 0.4},
    ],
    "propensity_categories": [
        {"customer_id": MERGED, "category": f"category {rank}", "rank": rank, "as_of": AS_OF, "horizon_days": 30,
         "probability": 0.5 / rank, "bought_before": rank == 1, "days_since_last": 29 if rank == 1 else None}
        for rank in (1, 2, 3, 4)
    ],
    "sales_priority": [
        {"customer_id": MERGED, "rank": 1, "channel": "email", "probability": 0.4, "gain": 150.0, "gain_low": 50.0,
         "gain_high": 300.0, "best_day": date(2026, 11, 6), "reason_1": "silence", "as_of": AS_OF},
    ],
    "segment_members": [{"customer_id": MERGED, "segment": "two_channels"}],
    "id_aliases": [
        {"alias_id": FORMER, "customer_id": MERGED, "since": date(2026, 8, 1), "reason": "merged"},
        {"alias_id": f"C{'G7' * 8}", "customer_id": NOBODY, "since": date(2026, 8, 1), "reason": "merged"},
    ],
    "merge_evidence": [
        {"customer_id": MERGED, "link": 1, "account_a": 1, "system_a": "pos", "account_b": 2, "system_b": "web",
         "rule": "phone_and_name", "match_weight": 33.4, "match_probability": 0.9999999999,
         "evidence": json.dumps(EVIDENCE), "joined": date(2026, 8, 1)},
    ],
    "profile_consents": [
        {"customer_id": MERGED, "channel": "email", "purpose": "marketing", "state": "withdrawn", "accounts": 2,
         "changed_at": datetime(2026, 5, 6, 7), "accounts_granted": 1},
    ],
    "campaigns": [{"source_system": "pos", "campaign_id": "K1", "name": HOSTILE, "channel": "email"}],
    "timeline": [
        _event(MERGED, "2024-05-01 10:00", "registration", ACCOUNTS[0], "active"),
        _event(MERGED, "2025-03-04 10:00", "order", "P1", "completed", 5000),
        _event(MERGED, "2026-09-01 12:00", "order", "P2", "completed", 4000),
        _event(MERGED, "2026-10-02 09:30", "order", "P3", "completed", 3000),
        _event(MERGED, "2026-10-05 09:30", "refund", "P3", "completed", -500),
        _event(MERGED, "2026-10-06 09:30", "order", "P4", "cancelled"),
        _event(MERGED, "2026-10-07 08:00", "inquiry", "Q1", "配送", state="open", score=2, scale="five"),
        _event(MERGED, "2026-10-08 08:00", "mail", "K1", "opened"),
        *(_event(MERGED, f"2026-10-09 08:0{n}", "web", f"E{n}", "page_view") for n in range(5)),
        _event(ONCE, "2026-09-09 15:00", "order", "P5", "completed", 800),
        _event(NEVER, "2026-10-31 23:59", "registration", ACCOUNTS[1], "provisional"),
    ],
}  # fmt: skip


def publish(
    home: Path,
    month: str = "2026-10",
    tables: dict[str, list[dict]] | None = None,
    run: str = "run1",
    maker: ModuleType = customer,
) -> Path:
    """Write a published month with these tables, the parts of maker's page and a table of contacts; returns its folder."""
    tables = TABLES if tables is None else tables
    folder = home / "data" / "runs" / "sample" / month
    place = folder / run / "tables"
    place.mkdir(parents=True)
    for name, rows in tables.items():
        write(name, rows, place / f"{name}.parquet")
    pd.DataFrame(records(parts(maker), AS_OF)).to_parquet(place / "dashboard_parts.parquet")
    pd.DataFrame({"customer_id": [MERGED], "email": [base.PERSON]}).to_parquet(place / "contacts.parquet")
    about = {"run_id": run, "pipeline": "sample", "month": month, "as_of": AS_OF.isoformat(), "settings": {}}
    about["tables"] = {path.stem: {"rows": 1, "sha256": "0"} for path in sorted(place.glob("*.parquet"))}
    store.replace(folder / run / "manifest.json", json.dumps(about))
    store.replace(folder / "current.json", json.dumps({"run_id": run, "folder": run}))
    return place


def write(name: str, rows: list[dict], path: Path) -> None:
    """A table as declared, what is not given empty, as the store writes it."""
    db, columns = Engine(), schema(name).columns.values()

    def value(row: dict, column) -> str:
        return f"cast({literal(row.get(column.name))} as {column.type}) as {identifier(column.name)}"

    lines = [f"select {', '.join(value(row, one) for one in columns)}" for row in rows]
    made = db.query(" union all ".join(lines)) if lines else store.empty(db, schema(name))
    store.write_parquet(db, store.as_declared(made, schema(name)), path)


def parts(maker: ModuleType = customer) -> list[Part]:
    """The parts of the page, and a style sheet, in both languages."""
    rules = pd.DataFrame([{"segment": "two_channels", "title_en": "Shop & web", "title_ja": "店とネット"}])
    data = ReportData({"ja": "店", "en": "Shop"}, "sample", AS_OF, {"segment_rules": rules}, {"currency": "JPY"})
    draw = SimpleNamespace(where=lambda function: f"{function.__module__.replace('.', '/')}.py:1")
    style = [Part("style", language, "style", "html", "<style></style>") for language in i18n.LANGUAGES]
    return style + [one for language in i18n.LANGUAGES for one in maker.parts(data, {}, language, draw)]
