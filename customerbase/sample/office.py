"""The back office's small tables: calendar, exchange rates, deals with companies."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from customerbase.periods import month_end
from customerbase.sample.desk import Desk
from customerbase.sample.strings import number, take
from customerbase.sample.world import World

FIXED = {
    (1, 1): "元日", (2, 11): "建国記念の日", (2, 23): "天皇誕生日", (4, 29): "昭和の日", (5, 3): "憲法記念日", (5, 4): "みどりの日",
    (5, 5): "こどもの日", (8, 11): "山の日", (11, 3): "文化の日", (11, 23): "勤労感謝の日",
}  # fmt: skip
MONDAYS = {(1, 2): "成人の日", (7, 3): "海の日", (9, 3): "敬老の日", (10, 2): "スポーツの日"}
SEASONS = (
    "winter",
    "winter",
    "spring",
    "spring",
    "spring",
    "summer",
    "summer",
    "summer",
    "autumn",
    "autumn",
    "autumn",
    "winter",
)
CURRENCIES = {"USD": 150.0, "EUR": 163.0, "CNY": 20.8}
STAGES = ["lead", "qualified", "proposal", "negotiation", "won", "lost"]
SALES = {(12, 10, 31): "年末感謝祭", (7, 1, 15): "お中元フェア", (3, 1, 20): "春の新生活フェア"}


def write(desk: Desk) -> None:
    """Calendar, rates and deals; no people in them."""
    desk.csv("office/calendar_jp.csv", 0, _calendar(desk.world))
    desk.csv("office/fx_rates.csv", 0, _rates(desk.world))
    desk.csv("office/deals.csv", 0, _deals(desk.world), encoding="utf-8-sig")


def holiday(day: date) -> str | None:
    """The national holiday on a day under the law as of 2020 and later (equinoxes by the usual approximation)."""
    name = _own_holiday(day)
    if name:
        return name
    before, after = _own_holiday(day - timedelta(days=1)), _own_holiday(day + timedelta(days=1))
    if before and after:
        return "国民の休日"
    back = day - timedelta(days=1)
    while _own_holiday(back):  # a holiday on a Sunday moves to the next day that is none
        if back.weekday() == 6:
            return "振替休日"
        back -= timedelta(days=1)
    return None


def _own_holiday(day: date) -> str | None:
    if (day.month, day.day) in FIXED:
        return FIXED[day.month, day.day]
    if day.weekday() == 0 and (day.month, (day.day + 6) // 7) in MONDAYS:
        return MONDAYS[day.month, (day.day + 6) // 7]
    years = day.year - 1980
    if day.month == 3 and day.day == int(20.8431 + 0.242194 * years - years // 4):
        return "春分の日"
    return "秋分の日" if day.month == 9 and day.day == int(23.2488 + 0.242194 * years - years // 4) else None


def _sale(day: date) -> str | None:
    hits = [name for (month, first, last), name in SALES.items() if day.month == month and first <= day.day <= last]
    return hits[0] if hits else None


def _calendar(world: World) -> pa.Table:
    days = [world.first_day + timedelta(days=step) for step in range(world.days)]
    names = [holiday(day) for day in days]
    gotobi = [(day.day % 5 == 0 and day.day <= 25) or day == month_end(day) for day in days]
    return pa.table(
        {
            "日付": [f"{day:%Y/%m/%d}" for day in days],
            "祝日": ["1" if name else "0" for name in names],
            "祝日名": pa.array(names, pa.string()),
            "五十日": ["1" if flag else "0" for flag in gotobi],
            "季節": [SEASONS[day.month - 1] for day in days],
            "全社セール": pa.array([_sale(day) for day in days], pa.string()),
        }
    )


def _rates(world: World) -> pa.Table:
    rng = world.stream("rates")
    days = [f"{world.first_day + timedelta(days=step):%Y-%m-%d}" for step in range(world.days)]
    parts = []
    for currency, start in CURRENCIES.items():
        path = start * np.exp(np.cumsum(rng.normal(0, 0.004, world.days)))
        parts.append(
            pa.table({"日付": days, "通貨": [currency] * len(days), "レート": [f"{rate:.4f}" for rate in path]})
        )
    return pa.concat_tables(parts)


def _deals(world: World) -> pa.Table:
    rng = world.stream("deals")
    count = 2 * world.months
    opened = np.sort(rng.integers(0, world.days, count))
    close = opened + rng.integers(20, 120, count)
    first = np.datetime64(world.first_day)
    stage = np.where(close < world.days, rng.choice([4, 5], count, p=[0.4, 0.6]), rng.integers(0, 4, count))
    return pa.table(
        {
            "商談番号": [f"D{place + 1:05d}" for place in range(count)],
            "担当者": take(["E01", "E02", "E03"], rng.integers(0, 3, count)),
            "段階": take(STAGES, stage),
            "金額": number(np.round(rng.lognormal(12.6, 0.7, count), -3)),
            "開始日": [day.strftime("%Y/%m/%d") for day in (first + opened).astype(object)],
            "完了予定日": [day.strftime("%Y/%m/%d") for day in (first + close).astype(object)],
        }
    )
