"""The shops' files as their tills export them: cp932, Japanese headings, slashes in dates, one file a month."""

import numpy as np
import pyarrow as pa

import customerbase.sample.defects as defects
from customerbase.sample.accounts import birth_text
from customerbase.sample.baskets import GOODS
from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.strings import choose, glue, number, pad, take
from customerbase.sample.world import POS, World

LINE_WORDS = {1: "商品", 2: "送料", 3: "手数料", 4: "値引", 6: "ポイント"}
PAYMENTS = ["現金", "クレジット", "電子マネー", "QR決済"]
RETURN_SHARE = 0.012  # of receipts: one article is brought back
ORDER_COLUMNS = ("小計", "値引額", "利用ポイント", "内税額", "合計")


def write_block(desk: Desk, block: Block) -> None:
    """Members and sales of one block."""
    _write_members(desk, block)
    _write_sales(desk, block)


def _write_members(desk: Desk, block: Block) -> None:
    """会員マスタ: the card holders."""
    rows = np.flatnonzero(block.members.system == POS)
    accounts, cities = block.accounts, block.world.company["cities"]
    at = pa.array(rows)
    table = pa.table(
        {
            "会員番号": accounts.ids.take(at),
            "姓": accounts.last.take(at),
            "名": accounts.first.take(at),
            "姓カナ": accounts.last_kana.take(at),
            "名カナ": accounts.first_kana.take(at),
            "郵便番号": accounts.postal.take(at),
            "都道府県": take([city[0] for city in cities], accounts.city[rows]),
            "市区町村": take([city[1] for city in cities], accounts.city[rows]),
            "番地": accounts.town.take(at),
            "建物名": accounts.building.take(at),
            "電話番号": accounts.phone.take(at),
            "メール": accounts.email.take(at),
            "生年月日": birth_text(block.dates, block.world, accounts.birth[rows], "%Y/%m/%d"),
            "性別": take(["", "男", "女"], accounts.sex[rows]),
            "入会日": block.dates.day(accounts.registered[rows]),
            "更新日": block.dates.day(accounts.updated[rows]),
            "状態": choose(np.isnan(accounts.withdrawn[rows]), "有効", "退会"),
        }
    )
    recipes = [
        *defects.lines(), *defects.hostile("名"), *defects.newline("建物名"), *defects.broken_bytes("建物名"),
        *blocked_values("電話番号", "生年月日", "1900/01/01"), *defects.dates("入会日"),
        defects.Recipe(
            "late_registration", "warn:updated_before_registration", "入会日", lambda _: _last(desk.world), None, "bought",
            rate=0.002,
        ),
    ]  # fmt: skip
    masks = {"bought": _bought_early(block)[rows] & (accounts.updated[rows] < block.world.month_starts[-1])}
    desk.csv("pos/members.csv", block.number, table, recipes, encoding="cp932", masks=masks, least=1)


def _bought_early(block: Block) -> np.ndarray:
    """Memberships with an order before the last month."""
    early = block.orders.named & (block.orders.t < block.world.month_starts[-1])
    return np.bincount(block.orders.member[early], minlength=len(block.members)) > 0


def blocked_values(phone: str, birth: str, day: str, email: str | None = None) -> list[defects.Recipe]:
    """Placeholders that people type and that must never link two of them."""
    made = [
        defects.Recipe("placeholder_phone", "kept", phone, lambda _: "000-0000-0000", rate=0.006),
        defects.Recipe("placeholder_birth", "kept", birth, lambda _: day, rate=0.006),
    ]
    if email:
        made.append(defects.Recipe("placeholder_email", "kept", email, lambda _: "test@example.com", rate=0.004))
    return made


def _last(world: World) -> str:
    return f"{world.month_list[-1]:%Y/%m/%d}"


def _write_sales(desk: Desk, block: Block) -> None:
    """売上明細: one row per line of a receipt, receipt columns repeated; goods brought back are receipts of their own."""
    sales, line, order = _sales(block)
    back, back_t = _returns(block, sales, line, order)
    t = np.append(block.orders.t[order], back_t)
    count = np.bincount(order, minlength=len(block.orders))[order]
    goods = block.lines.kind[line] == GOODS
    named = block.orders.named[order]
    extra = np.zeros(len(back_t), dtype=bool)
    masks = {
        "single": np.append(count == 1, extra),
        "single_named": np.append((count == 1) & named, extra),
        "goods": np.append(goods, extra),
        "minus": np.append(block.lines.amount[line] < 0, extra),
    }

    def write(name: str, part: pa.Table, mask: dict, last: bool) -> None:
        desk.csv(name, block.number, part, _recipes(), encoding="cp932", masks=mask, least=int(last))

    desk.monthly("pos/sales_{}.csv", block.number, t, pa.concat_tables([sales, back]), write, masks)


def _sales(block: Block) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """(rows, index of each one's line, index of its order) of the history's receipts."""
    orders, lines, goods = block.orders, block.lines, block.world.goods
    line = np.flatnonzero(block.live[lines.order] & (orders.system[lines.order] == POS))
    order = lines.order[line]
    at = pa.array(order)
    kind, product = lines.kind[line], lines.product[line]
    rng = block.world.stream("tills", block.number)
    store, till, pay = _store(block, rng), rng.integers(1, 5, len(orders)), rng.integers(0, len(PAYMENTS), len(orders))
    words = [LINE_WORDS.get(code, "") for code in range(7)]
    totals = block.totals
    money = (totals.goods, totals.discount, totals.used, totals.tax, totals.total)
    charge = choose(kind == 4, "店頭値引", "ポイント利用")
    table = pa.table(
        {
            "伝票番号": block.order_ids.take(at),
            "取引区分": take(["売上"], np.zeros(len(line), dtype=np.int64)),
            "取引日時": block.dates.moment(orders.t).take(at),
            "店舗コード": pad(store, 2).take(at),
            "レジ番号": number(till).take(at),
            "会員番号": block.customer_ids().take(at),
            "行番号": number(lines.number[line]),
            "明細区分": take(words, kind),
            "商品コード": take(goods.codes, product),
            "商品名": choose(kind == GOODS, take(goods.names, product), charge),
            "数量": number(lines.qty[line]),
            "単価": number(np.abs(lines.unit_price[line])),
            "税率": choose(kind == GOODS, number(goods.tax_rate[product]), None),
            "金額": number(lines.amount[line]),
            **{name: number(values).take(at) for name, values in zip(ORDER_COLUMNS, money, strict=True)},
            "支払方法": take(PAYMENTS, pay).take(at),
        }
    )
    return table, line, order


def _store(block: Block, rng: np.random.Generator) -> np.ndarray:
    """Mostly the shop of the home prefecture; cash customers by the size of the shop. Numbers from 1."""
    weight = np.array([store[7] for store in block.world.company["stores"]])
    anywhere = rng.choice(len(weight), len(block.orders), p=weight / weight.sum())
    row = block.orders.row
    home = (row >= 0) & (rng.random(len(row)) < 0.9)
    return np.where(home, block.people.home_store[row], anywhere) + 1


def _returns(block: Block, sales: pa.Table, line: np.ndarray, order: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    rng = block.world.stream("returns", block.number)
    goods = np.flatnonzero((block.lines.number[line] == 1) & (block.lines.kind[line] == GOODS))
    hit = goods[rng.random(len(goods)) < RETURN_SHARE]
    hit = hit[block.orders.campaign[order[hit]] < 0]
    t = np.floor(block.orders.t[order[hit]]) + rng.integers(1, 12, len(hit)) + rng.integers(630, 1180, len(hit)) / 1440
    hit, t = hit[t < block.world.days], t[t < block.world.days]
    back = sales.take(pa.array(hit))
    amount = -block.lines.amount[line[hit]]
    zero = np.zeros(len(hit), dtype=np.int64)
    rate = block.world.goods.tax_rate[block.lines.product[line[hit]]]
    tax = -np.floor(-amount * rate / (100 + rate)).astype(np.int64)
    new = {
        "伝票番号": glue("R", pad(block.number * 1_000_000 + np.arange(1, len(hit) + 1), 10)),
        "取引区分": take(["返品"], zero),
        "取引日時": block.dates.moment(t),
        "行番号": number(zero + 1),
        "数量": number(-block.lines.qty[line[hit]]),
        "金額": number(amount),
        **dict(zip(ORDER_COLUMNS, map(number, (amount, zero, zero, tax, amount)), strict=True)),
    }
    for name, column in new.items():
        back = back.set_column(back.column_names.index(name), name, column)
    return back, t


def _recipes() -> list[defects.Recipe]:
    return [
        *defects.lines(), *defects.dates("取引日時", "single"), *defects.future("取引日時", "%Y/%m/%d %H:%M", "single"),
        *defects.amounts("金額", "goods", yen="￥"), *defects.brackets("金額", "minus"), *defects.broken_bytes("商品名"),
        *defects.unknown_customer("会員番号", "8999999999", where="single_named"),
        defects.Recipe(
            "negative_quantity", "warn:amount_not_price_times_quantity", "数量", lambda text: f"-{text}", where="goods"
        ),
        defects.Recipe("wide_quantity", "fixed", "数量", defects.wide_digits, where="goods"),
    ]  # fmt: skip


def write_masters(desk: Desk) -> None:
    """店舗マスタ and 商品マスタ."""
    company, goods = desk.world.company, desk.world.goods
    stores = company["stores"]
    heads = ["店舗コード", "店舗名", "都道府県", "地域", "業態", "開店日", "閉店日"]
    columns = [[None if row[place] is None else str(row[place]) for row in stores] for place in range(len(heads))]
    columns = [pa.array(column, pa.string()) for column in columns]
    desk.csv("pos/stores.csv", 0, pa.table(columns, names=heads), encoding="cp932")
    products = pa.table(
        {
            "商品コード": pa.array(goods.codes),
            "商品名": pa.array(goods.names),
            "部門": take(goods.categories, goods.category),
            "ブランド": take(company["brands"], goods.brand),
            "税込価格": number(goods.price),
            "原価": number(goods.cost),
            "取扱開始日": block_day(desk.world, goods.listed),
        }
    )
    desk.csv("pos/products.csv", 0, products, encoding="cp932")


def block_day(world: World, before: np.ndarray, form: str = "%Y/%m/%d") -> pa.Array:
    """Days that lie `before` days ahead of the first one, as text."""
    days = np.datetime64(world.first_day) - before.astype("timedelta64[D]")
    return pa.array([day.strftime(form) for day in days.astype(object)], pa.string())
