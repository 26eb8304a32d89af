"""Campaigns and their contacts, consents, and the loyalty ledger, filed with the system whose members they are about."""

from datetime import timedelta

import numpy as np
import pyarrow as pa

import customerbase.sample.defects as defects
from customerbase.sample.block import Block
from customerbase.sample.campaigns import WINDOW, Campaign
from customerbase.sample.desk import Desk
from customerbase.sample.strings import choose, glue, number, pad, take
from customerbase.sample.world import APP, POS, SYSTEMS, WEB

CHANNEL_SYSTEM = {"email": WEB, "push": APP}
RANKS = ["レギュラー", "シルバー", "ゴールド"]
DATE = "%Y-%m-%d"
PERMISSIONS = (
    ("line", "marketing", 0.3),
    ("sms", "marketing", 0.15),
    ("web", "third_party", 0.4),
)  # and share of members


def write_campaigns(desk: Desk, campaigns: list[Campaign]) -> None:
    """施策一覧 of the e-mail tool (web shop) and of the push tool (app)."""
    for channel, system in CHANNEL_SYSTEM.items():
        mine = [one for one in campaigns if one.channel == channel]
        start = [desk.world.first_day + timedelta(days=int(one.sent)) for one in mine]
        table = pa.table(
            {
                "施策ID": pa.array([one.campaign_id for one in mine], pa.string()),
                "施策名": pa.array([one.name for one in mine], pa.string()),
                "目的": pa.array([one.objective for one in mine], pa.string()),
                "開始日": pa.array([f"{day:{DATE}}" for day in start], pa.string()),
                "終了日": pa.array([f"{day + timedelta(days=WINDOW):{DATE}}" for day in start], pa.string()),
                "特典": pa.array([one.offer for one in mine], pa.string()),
                "費用": pa.array([str(20_000 + 5_000 * one.number) for one in mine], pa.string()),
                "仮説": pa.array([f"{one.name}で30日以内の注文が増える" for one in mine], pa.string()),
                "除外率": pa.array([str(one.holdout) for one in mine], pa.string()),
            }
        )
        desk.csv(f"{SYSTEMS[system]}/campaigns.csv", 0, table)


def write_block(desk: Desk, block: Block) -> None:
    """Contacts, consents and points of one block."""
    for system in CHANNEL_SYSTEM.values():
        _write_contacts(desk, block, system)
    for system in CHANNEL_SYSTEM.values():
        _write_permissions(desk, block, system)
    for system in (POS, WEB, APP):
        _write_consents(desk, block, system)
        _write_points(desk, block, system)


def _write_contacts(desk: Desk, block: Block, system: int) -> None:
    contacts, dates = block.contacts, block.dates
    mine = np.flatnonzero(block.members.system[contacts.member] == system)
    rng = block.world.stream(f"opens {system}", block.number)
    sent = np.where(contacts.treated[mine], contacts.sent[mine] + rng.random(len(mine)) / 24, np.nan)
    opened = np.where(rng.random(len(mine)) < 0.38, sent + rng.exponential(0.7, len(mine)), np.nan)
    clicked = np.where(rng.random(len(mine)) < 0.2, opened + rng.exponential(0.02, len(mine)), np.nan)
    bought = _next_order(block, contacts.member[mine], clicked)
    withdrawn = block.consents.withdrawn[contacts.member[mine]]
    stopped = np.where((withdrawn > sent) & (withdrawn < sent + 7), withdrawn, np.nan)
    cost = np.array([one.cost for one in block.campaigns])[contacts.campaign[mine]] if block.campaigns else mine
    last = block.world.days - 0.001
    times = {"送信日時": sent, "到達日時": sent + 0.0007, "開封日時": opened, "クリック日時": clicked,
             "購入計上日時": bought, "配信停止日時": stopped}  # fmt: skip
    table = pa.table(
        {
            "施策ID": take([one.campaign_id for one in block.campaigns], contacts.campaign[mine]),
            "会員ID": block.of_member(contacts.member[mine]),
            "回数": number(np.ones(len(mine))),
            "群": choose(contacts.treated[mine], "配信", "除外"),
            "予定日時": dates.moment(contacts.sent[mine], DATE, seconds=True),
            **{name: dates.moment(np.where(t > last, np.nan, t), DATE, seconds=True) for name, t in times.items()},
            "費用": number(cost, ~contacts.treated[mine]),
        }
    )
    recipes = [*defects.lines(), *defects.dates("予定日時")]
    desk.csv(f"{SYSTEMS[system]}/campaign_contacts.csv", block.number, table, recipes, least=1)


def _next_order(block: Block, member: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The first order of each membership within a week after a moment; NaN when there is none."""
    orders = block.orders
    mine = np.flatnonzero(block.live & orders.named)
    mine = mine[np.lexsort((orders.t[mine], orders.member[mine]))]
    span = float(block.world.horizon + 1)
    line = orders.member[mine] * span + orders.t[mine]
    place = np.searchsorted(line, member * span + np.nan_to_num(after, nan=span - 1))
    place = np.minimum(place, max(len(mine) - 1, 0))
    if not len(mine):
        return np.full(len(member), np.nan)
    found = orders.t[mine[place]]
    fits = (orders.member[mine[place]] == member) & (found >= after) & (found < after + 7)
    return np.where(fits, found, np.nan)


def _write_consents(desk: Desk, block: Block, system: int) -> None:
    members, consents, days = block.members, block.consents, block.world.days
    mine = np.flatnonzero((members.system == system) & consents.given)
    gone = mine[consents.withdrawn[mine] < days]
    rows = np.concatenate([mine, gone])
    at = np.concatenate([block.accounts.registered[mine] + 1 / 1440, consents.withdrawn[gone]])
    left = np.arange(len(rows)) >= len(mine)
    table = pa.table(
        {
            "会員ID": block.of_member(rows),
            "媒体": take([("post", "email", "push")[system]], np.zeros(len(rows), dtype=np.int64)),
            "目的": take(["marketing"], np.zeros(len(rows), dtype=np.int64)),
            "変更日時": block.dates.moment(at, DATE, seconds=True),
            "状態": choose(left, "撤回", "同意"),
            "証跡": choose(left, None, glue("F-", pad(members.number[rows], 8))),
            "取得元": choose(left, "form", "store" if system == POS else "form"),
            "同意文の版": choose(at < days / 2, "v1", "v2"),
        }
    )
    recipes = [*defects.lines(), *defects.dates("変更日時")]
    desk.csv(f"{SYSTEMS[system]}/consents.csv", block.number, table, recipes, least=1)


def _write_permissions(desk: Desk, block: Block, system: int) -> None:
    """Who agreed to LINE, to SMS and to lists for advertising platforms, and when they withdrew."""
    members, days = block.members, block.world.days
    rng = block.world.stream(f"permissions {system}", block.number)
    everybody = np.flatnonzero(members.system == system)
    parts = []
    for kind, (_, _, share) in enumerate(PERMISSIONS):
        mine = everybody[rng.random(len(everybody)) < share]
        given = block.accounts.registered[mine] + (2 + kind) / 1440
        gone = given + rng.exponential(1600, len(mine))
        left = gone < days
        parts += [(mine, given, kind, False), (mine[left], gone[left], kind, True)]
    rows, at = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    kinds, left = (np.concatenate([np.full(len(part[0]), part[place]) for part in parts]) for place in (2, 3))
    table = pa.table(
        {
            "会員ID": block.of_member(rows),
            "媒体": take([channel for channel, _, _ in PERMISSIONS], kinds),
            "目的": take([purpose for _, purpose, _ in PERMISSIONS], kinds),
            "変更日時": block.dates.moment(at, DATE, seconds=True),
            "状態": choose(left, "撤回", "同意"),
        }
    )
    desk.csv(f"{SYSTEMS[system]}/permissions.csv", block.number, table)


def _write_points(desk: Desk, block: Block, system: int) -> None:
    table = _ledger(block, system)
    name = f"{SYSTEMS[system]}/points"
    if system == APP:
        desk.parquet(f"{name}.parquet", block.number, table)
        return
    wrong = [defects.Recipe("wrong_sign", "warn:wrong_sign", "増減", lambda text: f"-{text}", where="earn")]
    encoding = "cp932" if system == POS else "utf-8"
    masks = {"earn": np.asarray(table.column("区分").to_numpy(zero_copy_only=False) == "付与")}
    recipes = [*defects.lines(), *defects.dates("日時"), *wrong, *defects.brackets("増減", "minus")]
    masks["minus"] = np.asarray(table.column("区分").to_numpy(zero_copy_only=False) == "失効")
    desk.csv(f"{name}.csv", block.number, table, recipes, encoding=encoding, masks=masks, least=1)


def _ledger(block: Block, system: int) -> pa.Table:
    """付与, 利用 and 失効 in order of time; every balance is the sum of what came before and never below zero."""
    orders, totals, days = block.orders, block.totals, block.world.days
    mine = np.flatnonzero(block.live & orders.named & (orders.system == system))
    use = mine[totals.used[mine] > 0]
    earn = mine[totals.earned[mine] > 0]
    gone = mine[(totals.expired[mine] > 0) & (orders.t[mine] + 365 < days)]
    order = np.concatenate([use, earn, gone])
    kind = np.repeat([1, 0, 2], [len(use), len(earn), len(gone)])
    delta = np.concatenate([-totals.used[use], totals.earned[earn], -totals.expired[gone]])
    t = orders.t[order] + np.where(kind == 2, 365, 0)
    place = np.lexsort((kind == 0, order, t))
    order, kind, delta, t = order[place], kind[place], delta[place], t[place]
    ids = block.order_ids.take(pa.array(order))
    return pa.table(
        {
            "取引番号": glue("T", pad(block.number * 2_000_000 + np.arange(1, len(order) + 1), 10)),
            "会員ID": block.of_member(orders.member[order]),
            "日時": block.dates.moment(t, DATE, seconds=True),
            "増減": number(delta),
            "区分": take(["付与", "利用", "失効"], kind),
            "有効期限": block.dates.day(
                np.where(kind == 0, np.minimum(t + 366, block.world.horizon - 1), np.nan), DATE
            ),
            "注文番号": choose(kind == 2, None, ids),
            "会員ランク": take(RANKS, totals.rank[order]),
        }
    )
