"""The shipped mappings, each on files in the real shape of its system's exports."""

import duckdb
from conftest import ROOT
from test_intake import AS_OF, Desk, desk, kept, reasons

from customerbase import sample
from customerbase.engine import Engine
from customerbase.stage.intake import Intake

__all__ = ["desk"]  # the fixture


def shipped(desk: Desk, *names: str) -> Intake:
    paths = [ROOT / "pipelines" / "sources" / f"{name}.yaml" for name in names]
    return Intake(Engine(), paths, desk.data, AS_OF, desk.work)


def test_eccube_exports_in_cp932(desk):
    desk.put(
        "customer_20261031.csv",
        "\r\n".join(
            [
                "会員ID,お名前(姓),お名前(名),お名前(セイ),お名前(メイ),会社名,郵便番号,都道府県(ID),都道府県(名称),住所1,住所2,メールアドレス,TEL,"
                "性別(ID),性別(名称),職業(ID),職業(名称),誕生日,初回購入日,最終購入日,購入回数,ショップ用メモ欄,会員ステータス(ID),会員ステータス(名称),登録日,更新日",
                "1,髙橋,①郎,タカハシ,イチロウ,㈱山﨑～,5300001,27,大阪府,大阪市北区梅田,1-1,a@example.com,0612345678,"
                "1,男性,1,公務員,1980-02-29,,,,,2,本会員,2025-01-01 10:00:00,2026-01-01 10:00:00",
            ]
        )
        + "\r\n",
        "cp932",
    )
    head = (
        "注文ID,注文番号,会員ID,小計,値引き,送料,税金,合計,支払合計,対応状況(ID),対応状況(名称),支払方法(ID),支払方法(名称),受注日,"
        "注文詳細ID,商品ID,商品規格ID,商品名,商品コード,価格,個数,税率,明細区分(ID),明細区分(名称),出荷ID,送料"
    )
    order = "100,X100,1,3300,100,500,300,3700,3650,5,発送済み,1,クレジット,2026-10-03 12:00:00"
    lines = [
        f"{order},1,7,70,①の本,BK-1,1500,2,10,1,商品,9,500",
        f"{order},2,,,送料,,500,1,10,2,送料,9,500",
        f"{order},3,,,割引,,-100,1,10,4,割引,9,500",
        f"{order},4,,,ポイント,,-50,1,0,6,ポイント,9,500",
    ]
    statuses = {"1": "新規受付", "3": "注文取消し", "7": "決済処理中", "8": "購入処理中", "9": "返品"}
    lines += [
        f"20{s},X,,1100,0,0,100,1100,1100,{s},{w},1,代引,2026-10-04,{s}0,7,70,本,BK-1,1000,1,10,1,商品,9,0"
        for s, w in statuses.items()
    ]
    desk.put("order_20261031.csv", "\r\n".join([head, *lines]) + "\r\n", "cp932")
    desk.put(
        "product_20261031.csv",
        "商品ID,公開ステータス(ID),商品名,商品規格ID,商品コード,在庫数,販売価格,商品カテゴリ(名称)\r\n"
        "7,1,①の本,70,BK-1,,1500,本\r\n",
        "cp932",
    )
    intake = shipped(desk, "eccube")
    assert reasons(intake) == set()
    assert set(intake.files.encoding) == {"cp932"}
    assert kept(intake, "customers_src", "last_name, first_name, company, gender, status, pref") == [
        ("髙橋", "①郎", "㈱山﨑～", "male", "active", "大阪府")
    ]
    (order,) = (
        intake.table("orders")
        .filter("order_id = '100'")
        .project(
            "source_customer_id, status, subtotal::int, discount::int, shipping::int, fee::int, points_used::int, total::int"
        )
        .fetchall()
    )
    assert order == ("1", "completed", 3300, 100, 500, 0, 50, 3650)
    assert kept(intake, "orders", "order_id, status", "order_id")[1:] == [
        ("201", "completed"),
        ("203", "cancelled"),
        ("207", "pending"),
        ("208", "pending"),
        ("209", "returned"),
    ]
    lines = (
        intake.table("order_lines")
        .filter("order_id = '100'")
        .order("line_no")
        .project("line_type, amount::int, tax_rate::double, product_id")
    )
    assert lines.fetchall() == [
        ("goods", 3300, 0.1, "70"),
        ("shipping", 500, 0.1, None),
        ("discount", -100, 0.1, None),
        ("point", -50, 0.0, None),
    ]
    assert kept(intake, "products", "product_id, name, status, stock") == [("70", "①の本", "active", None)]


SHOPIFY_HEAD = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
    "Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
    "Lineitem compare at price,Lineitem sku,Billing Name,Cancelled at,Payment Method,Refunded Amount,Id,Source,Lineitem discount"
)


def shopify_row(**cells: str) -> str:
    return ",".join(cells.get(name, "") for name in SHOPIFY_HEAD.split(","))


def shopify_order(name: str, email: str, status: str, total: str, **more: str) -> str:
    first = {
        "Name": name,
        "Email": email,
        "Financial Status": status,
        "Currency": "JPY",
        "Subtotal": total,
        "Shipping": "0",
        "Taxes": "0",
        "Total": total,
        "Discount Amount": "0",
        "Created at": "2026-10-03 23:30:00 +0900",
        "Source": "web",
        "Lineitem quantity": "1",
        "Lineitem name": "本",
        "Lineitem price": total,
        "Lineitem sku": "S1",
        "Refunded Amount": "0",
    }
    return shopify_row(**(first | more))


def test_shopify_exports_fill_the_order_from_its_first_line(desk):
    second = shopify_row(
        **{
            "Name": "#1001",
            "Email": "Ada@Example.com",
            "Created at": "2026-10-03 23:30:00 +0900",
            "Lineitem quantity": "2",
            "Lineitem name": "ペン",
            "Lineitem price": "100",
            "Lineitem discount": "20",
        }
    )
    desk.put(
        "orders_export_1.csv",
        "\n".join(
            [
                SHOPIFY_HEAD,
                shopify_order(
                    "#1001",
                    "Ada@Example.com",
                    "partially_refunded",
                    "1200",
                    **{"Lineitem price": "1000", "Refunded Amount": "300"},
                ),
                second,
                shopify_order(
                    "#1002", "bo@example.com", "paid", "500", **{"Cancelled at": "2026-10-04 10:00:00 +0900"}
                ),
                shopify_order("#1003", "", "paid", "700", Source="pos"),
                shopify_order("#1004", "bo@example.com", "refunded", "900", **{"Refunded Amount": "900"}),
            ]
        )
        + "\n",
    )
    desk.put(
        "customers_export.csv",
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Zip,Tags\n"
        "'1,Ada,Lovelace,ada@example.com,yes,100-0001,vip\n2,Bo,Li,bo@example.com,no,,\n",
    )
    intake = shipped(desk, "shopify")
    assert reasons(intake) == set()
    assert kept(intake, "orders", "order_id, status, channel, total::int, order_at::varchar", "order_id") == [
        ("#1001", "completed", "web", 1200, "2026-10-03 23:30:00"),
        ("#1002", "cancelled", "web", 500, "2026-10-03 23:30:00"),
        ("#1003", "completed", "store", 700, "2026-10-03 23:30:00"),
        ("#1004", "returned", "web", 900, "2026-10-03 23:30:00"),
    ]
    assert kept(intake, "order_lines", "order_id, line_no, product_id, amount::int", "order_id, line_no")[:2] == [
        ("#1001", 1, "S1", 1000),
        ("#1001", 2, "ペン", 180),
    ]
    assert kept(intake, "refunds", "order_id, amount::int", "order_id") == [("#1001", 300), ("#1004", 900)]
    orders, customers = (set(kept(intake, table, "source_customer_id")) for table in ("orders", "customers_src"))
    assert orders - {(None,)} == customers and len(customers) == 2
    assert not any("@" in str(cell) for row in intake.table("orders").fetchall() for cell in row)


def test_a_line_in_two_shopify_exports_counts_once(desk):
    rows = [shopify_order(f"#{n}", "ada@example.com", "paid", "100") for n in range(1, 6)]
    desk.put("orders_export_1.csv", "\n".join([SHOPIFY_HEAD, *rows[:4]]) + "\n")
    desk.put("orders_export_2.csv", "\n".join([SHOPIFY_HEAD, *rows[2:]]) + "\n")
    intake = shipped(desk, "shopify")
    assert len(kept(intake, "orders", "order_id")) == len(kept(intake, "order_lines", "order_id")) == 5
    listed = intake.quarantine.filter("severity = 'block'").project("file, line, reason").order("all").fetchall()
    assert listed == [("orders_export_1.csv", line, "overlap") for line in (4, 5)]


# --- the sample company -----------------------------------------------------------------------------------------------------


def test_every_defect_planted_in_the_sample_company_ends_as_its_truth_says(desk):
    """The generator keeps, apart from the raw files, where each defect stands and what a careful intake makes of it."""
    sample.generate(400, seed=3, months=8, out=desk.data)
    intake = shipped(desk, "sample_app", "sample_office", "sample_pos", "sample_webshop")
    assert (intake.files.rows_read == intake.files.rows_accepted + intake.files.rows_quarantined).all()
    listed = intake.quarantine.project("split_part(file, '#', 1), line, severity || ':' || reason").fetchall()
    truth = duckdb.sql(
        f"select file, line, outcome from '{sample.truth_folder(desk.data) / 'defects.parquet'}'"
    ).fetchall()
    planted = {(file, line): outcome for file, line, outcome in truth}
    assert {outcome.split(":")[0] for outcome in planted.values()} == {"block", "warn", "fixed", "kept"}
    missed = {
        place: outcome for place, outcome in planted.items() if ":" in outcome and (*place, outcome) not in listed
    }
    assert not missed
    # what was not planted follows from an order that was set aside, and from nothing else
    follows = {"block:unknown_order", "block:order_quarantined"}
    assert {
        entry for file, line, entry in listed if entry.startswith("block") and ":" not in planted.get((file, line), "")
    } <= follows
