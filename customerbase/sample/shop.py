"""The web shop's exports with EC-CUBE's headings: members, orders with their lines, goods, refunds (UTF-8)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import customerbase.sample.defects as defects
from customerbase.sample.accounts import birth_text
from customerbase.sample.baskets import GOODS
from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.pos import block_day, blocked_values
from customerbase.sample.strings import choose, glue, number, pad, take
from customerbase.sample.world import WEB

KIND_WORDS = {1: "商品", 2: "送料", 3: "手数料", 4: "割引", 6: "ポイント"}
STATUS_WORDS = {
    1: "新規受付",
    3: "注文取消し",
    4: "対応中",
    5: "発送済み",
    6: "入金済み",
    7: "決済処理中",
    8: "購入処理中",
    9: "返品",
}
PAYMENTS = ["クレジットカード", "コンビニ払い", "銀行振込", "代金引換", "後払い"]
REFUND_SHARE = 0.022
REFUND_REASONS = ["破損", "誤配送", "イメージ違い", "肌に合わない", "お客様都合"]
DATE = "%Y-%m-%d"


def write_block(desk: Desk, block: Block) -> None:
    """Members, orders and refunds of one block."""
    _write_members(desk, block)
    _write_orders(desk, block)
    _write_refunds(desk, block)


def _write_members(desk: Desk, block: Block) -> None:
    """会員CSV."""
    rows = np.flatnonzero(block.members.system == WEB)
    accounts, company = block.accounts, block.world.company
    at = pa.array(rows)
    first, last, times = _bought(block, rows)
    cities, dates = company["cities"], block.dates
    table = pa.table(
        {
            "会員ID": accounts.ids.take(at),
            "お名前(姓)": accounts.last.take(at),
            "お名前(名)": accounts.first.take(at),
            "お名前(セイ)": accounts.last_kana.take(at),
            "お名前(メイ)": accounts.first_kana.take(at),
            "会社名": choose(rows % 53 == 7, take(company["companies"], rows % len(company["companies"])), None),
            "郵便番号": pc.replace_substring(accounts.postal.take(at), "-", ""),
            "都道府県(名称)": take([city[0] for city in cities], accounts.city[rows]),
            "住所1": take([city[1] for city in cities], accounts.city[rows]),
            "住所2": pc.binary_join_element_wise(
                accounts.town.take(at), accounts.building.take(at), " ", null_handling="skip"
            ),
            "メールアドレス": accounts.email.take(at),
            "TEL": accounts.phone.take(at),
            "性別(名称)": take(["", "男性", "女性"], accounts.sex[rows]),
            "職業(名称)": take(company["occupations"], block.people.occupation[block.members.row[rows]]),
            "誕生日": birth_text(dates, block.world, accounts.birth[rows], DATE),
            "初回購入日": dates.moment(first, DATE, seconds=True),
            "最終購入日": dates.moment(last, DATE, seconds=True),
            "購入回数": number(times),
            "会員ステータス(名称)": _state(block, rows),
            "登録日": dates.moment(accounts.registered[rows], DATE, seconds=True),
            "更新日": dates.moment(accounts.updated[rows], DATE, seconds=True),
        }
    )
    recipes = [
        *defects.lines(), *defects.hostile("お名前(姓)"), *defects.hostile("会社名"), *defects.newline("住所2"),
        *blocked_values("TEL", "誕生日", "1900-01-01", "メールアドレス"), *defects.dates("登録日"),
        defects.Recipe("bad_email", "warn:malformed_email", "メールアドレス", lambda text: text.replace("@", "＠")),
        defects.Recipe("bad_postal_code", "warn:malformed_postal_code", "郵便番号", lambda text: text[:5]),
    ]  # fmt: skip
    desk.csv("webshop/customers.csv", block.number, table, recipes, least=1)


def _bought(block: Block, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last order (NaN: none) and number of orders of memberships, as the shop counts them."""
    orders = block.orders
    mine = block.live & orders.named & ~np.isin(block.code, [3, 7, 8])
    size = len(block.members)
    first, last = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(first, orders.member[mine], orders.t[mine])
    np.maximum.at(last, orders.member[mine], orders.t[mine])
    times = np.bincount(orders.member[mine], minlength=size)
    first, last = np.where(times > 0, first, np.nan), np.where(times > 0, last, np.nan)
    return first[rows], last[rows], times[rows]


def _state(block: Block, rows: np.ndarray) -> pa.Array:
    left = ~np.isnan(block.accounts.withdrawn[rows])
    return take(["本会員", "退会", "仮会員"], np.where(left, 1, np.where(rows % 97 == 5, 2, 0)))


def _write_orders(desk: Desk, block: Block) -> None:
    """受注CSV: one row per line, the order's columns repeated."""
    table, line, order = _order_rows(block)
    count = np.bincount(order, minlength=len(block.orders))[order]
    named = block.orders.named[order]
    masks = {
        "single": count == 1, "single_named": (count == 1) & named, "goods": block.lines.kind[line] == GOODS,
        "minus": block.lines.amount[line] < 0,
    }  # fmt: skip
    recipes = [
        *defects.lines(), *defects.dates("受注日", "single"), *defects.future("受注日", "%Y-%m-%d %H:%M:%S", "single"),
        *defects.amounts("金額", "goods"), *defects.brackets("金額", "minus"), *defects.newline("商品名"),
        *defects.unknown_customer("会員ID", "99999999", where="single_named"),
        *defects.hostile("商品名"),
    ]  # fmt: skip

    def write(name: str, part: pa.Table, mask: dict, last: bool) -> None:
        desk.csv(name, block.number, part, recipes, eol="\n", masks=mask, least=int(last))

    desk.monthly("webshop/orders_{}.csv", block.number, block.orders.t[order], table, write, masks)


def _order_rows(block: Block) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    orders, lines, totals, goods = block.orders, block.lines, block.totals, block.world.goods
    line = np.flatnonzero(block.live[lines.order] & (orders.system[lines.order] == WEB))
    order = lines.order[line]
    at = pa.array(order)
    kind, product = lines.kind[line], lines.product[line]
    rng = block.world.stream("web payments", block.number)
    pay = np.where(totals.fee > 0, 3, rng.choice([0, 0, 0, 1, 2, 4], len(orders)))
    cancelled = np.where(block.code == 3, np.minimum(orders.t + 0.4, block.world.days - 0.001), np.nan)
    charge = take(["", "", "送料", "手数料", "クーポン割引", "", "ポイント利用"], kind)
    table = pa.table(
        {
            "注文ID": block.order_ids.take(at),
            "会員ID": block.customer_ids().take(at),
            "受注日": block.dates.moment(orders.t, DATE, seconds=True).take(at),
            "取消日": block.dates.moment(cancelled, DATE, seconds=True).take(at),
            "対応状況(名称)": take([STATUS_WORDS.get(code, "") for code in range(10)], block.code).take(at),
            "支払方法(名称)": take(PAYMENTS, pay).take(at),
            "小計": number(totals.goods).take(at),
            "値引き": number(totals.discount).take(at),
            "送料": number(totals.shipping).take(at),
            "手数料": number(totals.fee).take(at),
            "税金": number(totals.tax).take(at),
            "利用ポイント": number(totals.used).take(at),
            "支払合計": number(totals.total).take(at),
            "明細番号": number(lines.number[line]),
            "明細区分(名称)": take([KIND_WORDS.get(code, "") for code in range(7)], kind),
            "商品ID": number(product + 1, product < 0),
            "商品コード": take(goods.codes, product),
            "商品名": choose(kind == GOODS, take(goods.names, product), charge),
            "価格": number(np.abs(lines.unit_price[line])),
            "個数": number(lines.qty[line]),
            "税率": number(goods.tax_rate[product], product < 0),
            "金額": number(lines.amount[line]),
        }
    )
    return table, line, order


def refund_rows(block: Block, system: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(line index, time, amount) of goods lines that were paid back in part or whole after some days."""
    rng = block.world.stream("refunds", block.number)
    lines, orders = block.lines, block.orders
    hit = (lines.kind == GOODS) & (rng.random(len(lines)) < REFUND_SHARE)
    order = lines.order
    hit &= block.live[order] & (orders.system[order] == system) & (orders.campaign[order] < 0)
    hit &= np.isin(block.code[order], [5, 6]) & (lines.amount <= block.totals.total[order])
    line = np.flatnonzero(hit)
    t = orders.t[order[line]] + rng.gamma(4, 2.5, len(line)) + 0.5
    part = np.where(rng.random(len(line)) < 0.75, 1.0, 0.5)
    amount = np.floor(lines.amount[line] * part).astype(np.int64)
    keep = t < block.world.days
    return line[keep], t[keep], amount[keep]


def _write_refunds(desk: Desk, block: Block) -> None:
    """返金CSV."""
    line, t, amount = refund_rows(block, WEB)
    order = block.lines.order[line]
    table = pa.table(
        {
            "返金ID": glue("RF", pad(block.number * 1_000_000 + np.arange(1, len(line) + 1), 9)),
            "注文ID": block.order_ids.take(pa.array(order)),
            "明細番号": number(block.lines.number[line]),
            "個数": number(block.lines.qty[line]),
            "返金額": number(amount),
            "返金日": block.dates.moment(t, DATE, seconds=True),
            "理由": take(REFUND_REASONS, line % len(REFUND_REASONS)),
        }
    )
    recipes = [
        *defects.amounts("返金額"),
        defects.Recipe("unknown_order", "block:unknown_order", "注文ID", lambda _: "88888888"),
        defects.Recipe("refund_sign", "block:negative_amount", "返金額", lambda text: f"-{text}"),
    ]
    desk.csv("webshop/refunds.csv", block.number, table, recipes, least=1)


def write_products(desk: Desk) -> None:
    """商品CSV."""
    goods, company = desk.world.goods, desk.world.company
    count = len(goods.names)
    rng = desk.world.stream("stock")
    table = pa.table(
        {
            "商品ID": number(np.arange(1, count + 1)),
            "公開ステータス(名称)": choose(np.arange(count) % 41 == 40, "非公開", "公開"),
            "商品名": pa.array(goods.names),
            "商品コード": pa.array(goods.codes),
            "商品カテゴリ(名称)": take(goods.categories, goods.category),
            "ブランド": take(company["brands"], goods.brand),
            "販売価格": number(goods.price),
            "原価": number(goods.cost),
            "在庫数": number(rng.integers(0, 900, count)),
            "登録日": block_day(desk.world, goods.listed, DATE),
        }
    )
    desk.csv("webshop/products.csv", 0, table)
