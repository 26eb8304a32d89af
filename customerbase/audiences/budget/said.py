"""The plan of offers in sentences and tables, from its small tables alone; few customers are withheld."""

from collections.abc import Callable, Mapping

import pandas as pd

from customerbase import i18n
from customerbase.audiences.effects import ASSUMED, MEASURED, UNKNOWN
from customerbase.disclosure import suppress_parts

Money = Callable[[float], str]
OFFERS, LIMITS, WAYS, CURVE = TABLES = ("budget_offers", "budget_limits", "budget_ways", "budget_curve")
CLEAR = 0.005  # of the gain: a smaller difference is none


def lines(tables: Mapping[str, pd.DataFrame], language: str, money: Money, k_min: int) -> list[tuple[str, str]]:
    """Label and sentence: the plan, the price of one more unit, other ways, effects at their low ends, sources, what to do."""
    offers, limits, ways = (tables[name] for name in (OFFERS, LIMITS, WAYS))
    offers = offers.sort_values("place") if len(offers) else offers
    if not len(offers):
        return [(i18n.word("budget.line.plan", language), i18n.word("budget.none", language))]
    way = ways.set_index("way")
    best = way.loc["best"]
    if not best["contacts"]:
        told = [("plan", i18n.word("budget.nobody", language)), ("source", sources(offers, language))]
    else:
        told = [("plan", _plan(best, language, money, k_min)), ("price", prices(limits, language, money))]
        told += [("ways", _ways(way, language, money)), ("low", _low(way, language, money))]
        told += [("source", sources(offers, language)), ("next_step", _todo(best, limits, language))]
    return [(i18n.word(f"budget.line.{name}", language), text) for name, text in told if text]


def people(count: int, language: str, k_min: int) -> str:
    """A count of customers, or that it is a small one."""
    few = 0 < count < k_min
    return i18n.sentence("budget.few", language, k=k_min) if few else f"{int(count):,}"


def _plan(best: pd.Series, language: str, money: Money, k_min: int) -> str:
    told = {
        "customers": people(best["contacts"], language, k_min),
        "cost": money(best["cost"]),
        "gain": money(best["gain"]),
    }
    ends = i18n.span(money(best["gain_low"]), money(best["gain_high"]), language)
    gap = float(best["bound"]) - float(best["gain"])
    sure = gap <= 1e-6 * abs(float(best["bound"]))
    tail = i18n.word("budget.proven", language) if sure else i18n.sentence("budget.gap", language, gap=money(gap))
    return i18n.run_on([i18n.sentence("budget.plan", language, interval=ends, **told), tail], language)


def prices(limits: pd.DataFrame, language: str, money: Money) -> str:
    """What one more unit of each limit that binds would add."""
    dear = limits[limits["price"] > 1e-9]
    if not len(dear):
        return i18n.word("budget.price_none", language)
    return i18n.run_on([_price(row, language, money) for row in dear.to_dict("records")], language)


def _price(row: Mapping, language: str, money: Money) -> str:
    if row["kind"] == "money":
        return i18n.sentence("budget.price_money", language, unit=money(1_000), price=money(1_000 * row["price"]))
    told = {"channel": whose(row, language), "price": money(row["price"])}
    return i18n.sentence(f"budget.price_{row['kind']}", language, **told)


def whose(row: Mapping, language: str) -> str:
    """The channel, with its salesperson where it is theirs."""
    name = i18n.word(f"audiences.channel.{row['channel']}", language)
    return name if i18n.missing(row["person"]) else i18n.aside(name, str(row["person"]), language)


def _ways(way: pd.DataFrame, language: str, money: Money) -> str:
    told = {name: money(way.loc[name, "gain"]) for name in ("score", "random")}
    return i18n.sentence("budget.ways", language, **told)


def _low(way: pd.DataFrame, language: str, money: Money) -> str:
    plan, best = float(way.loc["best", "gain_low"]), float(way.loc["if_low", "gain_low"])
    kept = i18n.number(way.loc["if_low", "kept"], "rate", language)
    told = {"gain": money(plan), "best": money(best), "regret": money(max(best - plan, 0.0))}
    return i18n.sentence("budget.low", language, kept=kept, **told)


def sources(offers: pd.DataFrame, language: str) -> str:
    """Which effects were measured, which are not proven, assumed, or not known."""
    wanted = offers["campaign_id"].notna()
    kinds = {
        "measured": (offers["source"] == MEASURED) & (offers["verdict"] != "not_proven"),
        "not_proven": (offers["source"] == MEASURED) & (offers["verdict"] == "not_proven"),
        "assumed": (offers["source"] == ASSUMED) & ~wanted,
        "fallback": (offers["source"] == ASSUMED) & wanted,
        "unknown": offers["source"] == UNKNOWN,
    }
    told = []
    for kind, mask in kinds.items():
        names = offers.loc[mask, f"title_{language}"].tolist()
        listed = "、".join(names) if language == "ja" else ", ".join(names)
        told += [i18n.sentence(f"budget.{kind}", language, offers=listed)] if names else []
    return i18n.run_on(told, language)


def _todo(best: pd.Series, limits: pd.DataFrame, language: str) -> str:
    if best["gain_low"] < 0:
        return i18n.word("budget.todo_low", language)
    money = limits.loc[limits["kind"] == "money", "price"]
    return i18n.word(f"budget.todo_{'price' if (money > 1).any() else 'none'}", language)


def ways_title(ways: pd.DataFrame, language: str, money: Money) -> str:
    """How much more the plan is expected to gain than the likeliest first."""
    gain = ways.set_index("way")["gain"]
    more = float(gain["best"] - gain["score"])
    if more <= CLEAR * abs(float(gain["best"])):
        return i18n.word("budget.title.ways_same", language)
    return i18n.sentence("budget.title.ways", language, more=money(more))


def curve_title(curve: pd.DataFrame, language: str, money: Money) -> str:
    """What the largest budget would gain."""
    gain = curve.set_index("share")["gain"]
    if gain.iloc[-1] - gain[1.0] <= 0.01 * gain[1.0]:
        return i18n.word("budget.title.curve_flat", language)
    share = next(one for one, value in gain.items() if value >= gain.iloc[-1] * (1 - 1e-6))
    told = i18n.number(share, "rate", language).replace(".0", "")
    return i18n.sentence("budget.title.curve", language, share=told, gain=money(gain.iloc[-1]))


def offer_table(offers: pd.DataFrame, language: str, money: Money, k_min: int) -> pd.DataFrame:
    """The offers as texts; what few customers get is withheld, and what would give it back."""
    offers = offers.sort_values("place") if len(offers) else offers
    hidden = suppress_parts(offers["contacts"].to_numpy(), k_min) if len(offers) else []
    rows = []
    for row, few in zip(offers.to_dict("records"), hidden, strict=True):
        ends = i18n.span(money(row["gain_low"]), money(row["gain_high"]), language)
        cells = {
            "offer": row[f"title_{language}"],
            "channel": i18n.word(f"audiences.channel.{row['channel']}", language),
        }
        cells |= {
            "effect": _effect(row, language, money),
            "source": i18n.word(f"budget.source.{row['source']}", language),
        }
        cells |= {"eligible": people(row["eligible"], language, k_min)}
        cells |= {"contacts": "*" if few else f"{int(row['contacts']):,}"}
        cells |= {
            name: "*" if few else text for name, text in (("cost", money(row["cost"])), ("gain", money(row["gain"])))
        }
        rows.append(cells | {"interval": "*" if few else ends})
    return _named(pd.DataFrame(rows), language)


def _effect(row: Mapping, language: str, money: Money) -> str:
    values = [row[name] for name in ("effect", "effect_low", "effect_high")]
    if any(i18n.missing(one) for one in values):
        return i18n.MISSING
    form = money if row["changes"] == "margin" else lambda one: i18n.number(one, "rate", language, signed=True)
    return i18n.aside(form(values[0]), i18n.span(form(values[1]), form(values[2]), language), language)


def limit_table(limits: pd.DataFrame, language: str, money: Money) -> pd.DataFrame:
    """Money and capacities as texts."""
    rows = []
    for row in limits.to_dict("records"):
        form = money if row["kind"] == "money" else lambda one: f"{one:,.1f}".removesuffix(".0")
        channel = whose(row, language) if row["kind"] != "money" else ""
        name = i18n.sentence(f"budget.kind.{row['kind']}", language, **({"channel": channel} if channel else {}))
        room = i18n.MISSING if i18n.missing(row["room"]) else form(row["room"])
        worth = f"{row['price']:,.2f}" if row["kind"] == "money" else money(row["price"])
        used = "*" if i18n.missing(row["used"]) else form(row["used"])
        rows.append({"limit": name, "room": room, "used": used, "price": worth})
    return _named(pd.DataFrame(rows), language)


def _named(frame: pd.DataFrame, language: str) -> pd.DataFrame:
    return frame.rename(columns={name: i18n.word(f"budget.column.{name}", language) for name in frame.columns})
