"""What customers say: inquiries, reviews in Japanese whose words fit the stars, surveys with their non-response."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import customerbase.sample.defects as defects
from customerbase.periods import add_months
from customerbase.sample.baskets import GOODS
from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.strings import choose, glue, number, pad, take
from customerbase.sample.surveyed import invite, rate_items
from customerbase.sample.world import APP, POS, SYSTEMS, WEB, World

ASK_SHARE, LAST_DAYS, LAST_SHARE = 0.018, 60, 0.10  # inquiries per order; more of them shortly before leaving
REOPENED, REOPENED_ANGRY = 0.05, 0.25  # share of inquiries opened again
REVIEW_SHARE = 0.12
SURVEY_CAP = 24_000  # invitations per survey: a workbook stays one that people can open
DATE = "%Y-%m-%d"


def write_block(desk: Desk, block: Block) -> None:
    """Inquiries, reviews and survey answers of one block."""
    for system in (POS, WEB, APP):
        _write_inquiries(desk, block, system)
    _write_reviews(desk, block)
    for system in (WEB, APP):
        _write_answers(desk, block, system)


def _write_inquiries(desk: Desk, block: Block, system: int) -> None:
    orders, days = block.orders, block.world.days
    rng = block.world.stream(f"inquiries {system}", block.number)
    mine = np.flatnonzero(block.live & (orders.system == system) & (orders.member >= 0))
    leaving = block.people.dropout[orders.row[mine]] - orders.t[mine] < LAST_DAYS
    hit = rng.random(len(mine)) < np.where(leaving, LAST_SHARE, ASK_SHARE)
    order, leaving = mine[hit], leaving[hit]
    opened = orders.t[order] + rng.exponential(4, len(order)) + 0.2
    keep = opened < days - 0.01
    order, leaving, opened = order[keep], leaving[keep], opened[keep]
    size = len(order)
    content = block.people.satisfaction[orders.row[order]]
    words = block.world.words["inquiries"]
    angry = rng.random(size) < np.where(leaving, 0.45, 0.08)
    topic = np.where(angry, len(words) - 1, rng.integers(0, len(words) - 1, size))
    reply = opened + rng.lognormal(-1.6, 0.9, size)
    closed = reply + np.where(angry, 2.5, 1.0) * rng.lognormal(-1.2, 1.0, size)
    score = np.clip(np.round(3.6 + 0.7 * content - 1.1 * angry + rng.normal(0, 0.6, size)), 1, 5)
    silent = (rng.random(size) > 0.4) | (closed >= days)
    flat = [text for texts in words.values() for text in texts]
    offset = np.cumsum([0, *[len(texts) for texts in words.values()]])
    pick = offset[topic] + rng.integers(0, 60, size) % np.diff(offset)[topic]
    names = glue("Q", pad(block.number * 100_000 + np.arange(1, size + 1), 8))
    table = pa.table(
        {
            "問合せ番号": names,
            "会員ID": block.of_member(orders.member[order]),
            "受付日時": block.dates.moment(opened, "%Y/%m/%d"),
            "一次回答日時": block.dates.moment(np.where(reply < days, reply, np.nan), "%Y/%m/%d"),
            "完了日時": block.dates.moment(np.where(closed < days, closed, np.nan), "%Y/%m/%d"),
            "経路": take(["電話", "メール", "チャット", "フォーム", "店頭"], rng.choice(5, size, p=_ways(system))),
            "分類": take(list(words), topic),
            "内容": take(flat, pick),
            "担当者": glue("A", pad(rng.integers(1, 13, size), 2)),
            "結果": take(["解決", "返金", "交換", "案内のみ"], rng.choice(4, size, p=[0.6, 0.1, 0.1, 0.2])),
            "満足度": number(score, silent),
        }
    )
    again, group = _reopened(block, system, angry, reply, closed), _agent_groups(table.column("担当者"))
    moments = block.dates.moment(np.where(again < days, again, np.nan), "%Y/%m/%d")
    table = table.append_column("再開日時", moments).append_column("担当グループ", group)
    desk.secret("inquiries", _asked(system, names, angry, leaving, again))
    recipes = [*defects.lines(), *defects.newline("内容"), *defects.hostile("内容"), *defects.dates("受付日時")]
    desk.csv(f"{SYSTEMS[system]}/inquiries.csv", block.number, table, recipes, encoding="utf-8-sig", least=1)


def _reopened(block: Block, system: int, angry: np.ndarray, reply: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """When an inquiry that had been closed was opened again, before its last closing; NaN for most."""
    rng = block.world.stream(f"inquiries reopened {system}", block.number)
    again = rng.random(len(reply)) < np.where(angry, REOPENED_ANGRY, REOPENED)
    return np.where(again, reply + rng.uniform(0.3, 0.8, len(reply)) * (closed - reply), np.nan)


def _agent_groups(agents: pa.ChunkedArray) -> pa.Array:
    """Twelve agents in three teams."""
    teams = ["お客様相談室", "店舗サポート", "オンラインサポート"]
    return pa.array([teams[(int(agent[1:]) - 1) // 4] for agent in agents.to_pylist()], pa.string())


def _asked(system: int, names: pa.Array, angry: np.ndarray, leaving: np.ndarray, again: np.ndarray) -> pa.Table:
    """Truth: asking changes nothing about later purchases, but who is about to leave asks more often."""
    systems = take(list(SYSTEMS), np.full(len(angry), system))
    times = {"angry": pa.array(angry), "about_to_leave": pa.array(leaving), "reopened": pa.array(np.isfinite(again))}
    return pa.table({"source_system": systems, "inquiry_id": names, **times})


def _ways(system: int) -> list[float]:
    return [0.35, 0.05, 0.05, 0.05, 0.5] if system == POS else [0.2, 0.3, 0.25, 0.25, 0.0]


def _write_reviews(desk: Desk, block: Block) -> None:
    lines, orders = block.lines, block.orders
    rng = block.world.stream("reviews", block.number)
    hit = (lines.kind == GOODS) & (rng.random(len(lines)) < REVIEW_SHARE)
    hit &= block.live[lines.order] & (orders.system[lines.order] == WEB) & (block.code[lines.order] == 5)
    line = np.flatnonzero(hit)
    order = lines.order[line]
    t = orders.t[order] + rng.gamma(3, 4, len(line)) + 1
    line, order, t = line[t < block.world.days], order[t < block.world.days], t[t < block.world.days]
    size = len(line)
    content = block.people.satisfaction[orders.row[order]]
    quality = np.zeros(len(block.world.goods.names))
    for product, more in block.world.company["quality"]:
        quality[product - 1] = more
    liking = 3.9 + quality[lines.product[line]] + 0.7 * content
    stars = np.clip(np.round(liking + rng.normal(0, 0.7, size)), 1, 5).astype(np.int64)
    words = block.world.words["reviews"]
    flat = [text for star in range(1, 6) for text in words[star]]
    text = take(flat, (stars - 1) * 3 + rng.integers(0, 3, size))
    name = take(block.world.goods.names, lines.product[line])
    head = pc.replace_substring_regex(text, "[{]p[}].*$", "")
    tail = pc.replace_substring_regex(text, "^.*[{]p[}]", "")
    has = pc.match_substring(text, "{p}").to_numpy(zero_copy_only=False).astype(bool)
    named = orders.named[order] & (rng.random(size) < 0.85)
    table = pa.table(
        {
            "レビューID": glue("V", pad(block.number * 100_000 + np.arange(1, size + 1), 8)),
            "商品コード": take(block.world.goods.codes, lines.product[line]),
            "会員ID": choose(named, block.customer_ids().take(pa.array(order)), None),
            "投稿日時": block.dates.moment(t, DATE, seconds=True),
            "おすすめ度": number(stars),
            "コメント": choose(has, glue(head, name, tail), text),
        }
    )
    recipes = [
        *defects.lines(), *defects.hostile("コメント"), *defects.newline("コメント"), *defects.dates("投稿日時"),
        defects.Recipe("six_stars", "block:stars_out_of_scale", "おすすめ度", lambda _: "6"),
    ]  # fmt: skip
    desk.csv("webshop/reviews.csv", block.number, table, recipes, least=1)


def survey_months(world: World) -> list[int]:
    """A survey every sixth month, the newest two months before the end (so that its answers are in)."""
    return sorted(range(world.months - 2, -1, -6))


def _survey_id(world: World, month: int) -> str:
    return f"S{world.month_list[month]:%Y%m}"


def _write_answers(desk: Desk, block: Block, system: int) -> None:
    """NPS, satisfaction and a comment of those who answered; the very content and the very angry answer more often."""
    world, members = block.world, block.members
    share = min(0.35, SURVEY_CAP / world.customers)
    parts = []
    for month in survey_months(world):
        rng = world.stream(f"survey {system} {month}", block.number)
        asked = float(world.month_starts[month] + 14 + 10 / 24)
        ready = np.flatnonzero((members.system == system) & (members.kind < 2) & (members.since < asked - 14))
        ready = ready[rng.random(len(ready)) < share]
        _count(desk, system, month, len(ready))
        invite(desk, block, system, _survey_id(world, month), ready, asked)
        content = block.people.satisfaction[members.row[ready]]
        alive = block.people.dropout[members.row[ready]] > asked
        parts.append(_answers(block, month, asked, ready, content, alive, rng))
    table = pa.concat_tables(parts) if parts else None
    if table is None:
        return
    rate_items(desk, block, system, table)
    wrong = [defects.Recipe("off_scale", "block:answer_out_of_scale", "回答", lambda _: 99.0, where="number")]
    masks = {"number": table.column("回答").is_valid().to_numpy(zero_copy_only=False)}
    if system == WEB:
        desk.xlsx("webshop/survey_answers.xlsx", block.number, table, "回答", wrong, masks=masks, least=1)
    else:
        desk.csv("app/survey_answers.csv", block.number, table, wrong, encoding="utf-8-sig", masks=masks, least=1)


def _answers(block: Block, month: int, asked: float, ready, content, alive, rng: np.random.Generator) -> pa.Table:
    size = len(ready)
    answered = rng.random(size) < np.clip(0.12 + 0.09 * np.abs(content), 0, 0.5) * np.where(alive, 1, 0.3)
    who, content = ready[answered], content[answered]
    size = len(who)
    t = asked + rng.exponential(3, size) + 0.02
    nps = np.clip(np.round(7.0 + 1.7 * content + rng.normal(0, 1.2, size)), 0, 10)
    five = np.clip(np.round(3.7 + 0.8 * content + rng.normal(0, 0.6, size)), 1, 5)
    words = block.world.words["comments"]
    flat = [text for texts in words.values() for text in texts]
    mood, offset = np.digitize(nps, [6.5, 8.5]), np.cumsum([0, *[len(texts) for texts in words.values()]])
    place = offset[mood] + rng.integers(0, 6, size) % np.diff(offset)[mood]
    place = np.where(rng.random(size) < 0.4, place, -1)
    rows = np.repeat(np.arange(size), 3)
    question = np.tile([0, 1, 2], size)
    keep = (question < 2) | (place[rows] >= 0)
    rows, question = rows[keep], question[keep]
    answer = np.where(question == 0, nps[rows], five[rows])
    number_id = glue(_survey_id(block.world, month) + "-", number(block.members.number[who[rows]]))
    return pa.table(
        {
            "回答ID": number_id,
            "調査ID": take([_survey_id(block.world, month)], np.zeros(len(rows), dtype=np.int64)),
            "会員ID": block.of_member(who[rows]),
            "依頼日時": block.dates.moment(np.full(len(rows), asked), "%Y/%m/%d"),
            "回答日時": block.dates.moment(np.minimum(t[rows], block.world.days - 0.001), "%Y/%m/%d"),
            "設問": take(["おすすめ度(0-10)", "満足度(1-5)", "ご意見"], question),
            "回答": pa.array(answer, mask=question == 2),
            "自由記述": take(flat, np.where(question == 2, place[rows], -1)),
        }
    )


def _count(desk: Desk, system: int, month: int, invited: int) -> None:
    key = (system, month)
    desk.invited[key] = desk.invited.get(key, 0) + invited


def finish(desk: Desk) -> None:
    """調査一覧, once the invitations of all blocks are counted."""
    world = desk.world
    for system, way in ((WEB, "email"), (APP, "app")):
        months = [month for month in survey_months(world) if (system, month) in desk.invited]
        start = [world.month_list[month].replace(day=15) for month in months]
        table = pa.table(
            {
                "調査ID": pa.array([_survey_id(world, month) for month in months], pa.string()),
                "調査名": pa.array([f"お客様アンケート {day.year}年{day.month}月" for day in start], pa.string()),
                "目的": pa.array(["nps"] * len(months), pa.string()),
                "手段": pa.array([way] * len(months), pa.string()),
                "開始日": pa.array([f"{day:%Y/%m/%d}" for day in start], pa.string()),
                "終了日": pa.array([f"{add_months(day, 1).replace(day=14):%Y/%m/%d}" for day in start], pa.string()),
                "依頼数": pa.array([str(desk.invited[system, month]) for month in months], pa.string()),
            }
        )
        desk.csv(f"{SYSTEMS[system]}/surveys.csv", 0, table)
