"""What page 03 shows in words: titles that say the finding, tables with headings, nothing that points at a few."""

import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.profile.known import TOGETHER, cells

REACHED_BY = ("email", "phone", "birth_date")


def known_table(found: pd.DataFrame, k_min: int, language: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The shares of known() and how they are written (see cells), with fields and systems in words.

    Each heading names how many customers it is a share of.
    """
    of = found.groupby("source_system")["of"].first()
    systems = {name: f"{name or i18n.word('profile.together', language)} {of[name]:,}" for name in of.index}
    shares, texts = cells(found, k_min)
    names = {name: i18n.word(f"profile.field.{name}", language) for name in shares.index}
    return shares.rename(index=names, columns=systems), texts.rename(index=names, columns=systems)


def known_title(found: pd.DataFrame, k_min: int, language: str) -> str:
    """How many customers are known by e-mail, phone and date of birth."""
    texts = cells(found, k_min)[1][TOGETHER]
    return i18n.sentence("profile.known_title", language, **{name: texts[name] for name in REACHED_BY})


def overlap_title(overlap: pd.DataFrame, k_min: int, language: str) -> str:
    """How many customers stand in two or more systems; without a number where it would give away a few."""
    counts = overlap["customers"].to_numpy()
    several = int(counts[overlap["system_count"] > 1].sum())
    if several < k_min or suppress_parts(counts, k_min).any():
        return i18n.word("profile.overlap_plain", language)
    share, customers = (
        i18n.number(several / counts.sum(), "rate", language),
        i18n.number(several, "people", language),
    )
    return i18n.sentence("profile.overlap_title", language, share=share, customers=customers)


def merged_title(found: pd.DataFrame, k_min: int, language: str) -> str:
    """How many customers looked like several, and what share of net spend they bring."""
    several = found[found["accounts"] != "1"]
    customers, spend = int(several["customers"].sum()), float(found["net_spend"].sum())
    if customers < k_min or spend <= 0:
        return i18n.word("profile.merged_none", language)
    share = i18n.number(several["net_spend"].sum() / spend, "rate", language)
    people = i18n.number(customers, "people", language)
    return i18n.sentence("profile.merged_title", language, customers=people, spend=share)


def merged_table(found: pd.DataFrame, k_min: int, language: str) -> pd.DataFrame:
    """Share of net spend by number of accounts, each named with its customers.

    Columns: accounts, share_of_net_spend. Groups of fewer than k_min customers are joined to the next one below; one
    that is still too small is left out, with as many others as it takes that no total gives it back.
    """
    groups = found.set_index("accounts")[["customers", "net_spend"]].astype("float64")
    if "2" in groups.index and groups["customers"].get("3+", k_min) < k_min:
        groups = groups.rename(index={"2": "2+", "3+": "2+"}).groupby(level=0).sum()
    total = groups["net_spend"].sum()
    groups = groups[~suppress_parts(groups["customers"].to_numpy(), k_min)]
    names = [_accounts(name, customers, language) for name, customers in groups["customers"].items()]
    shares = groups["net_spend"].to_numpy() / total if total > 0 else float("nan")
    return pd.DataFrame({"accounts": names, "share_of_net_spend": shares})


def merging_table(found: pd.DataFrame, language: str, currency: str = "JPY") -> pd.DataFrame:
    """The table of merging() in words: what counting by account would have said, and what counting by customer says."""
    units = {"buyers": "people", "repeat_rate": "rate", "orders_per_buyer": "times", "net_spend_per_buyer": "money"}
    by = found.set_index("counted_by")
    rows = []
    for name, unit in units.items():
        values = [by.loc[way, name] for way in ("account", "customer")]
        written = [i18n.number(value, unit, language, currency=currency, exact=unit != "people") for value in values]
        change = i18n.change(values[1], values[0], unit, language)
        rows.append((i18n.word(f"profile.measure.{name}", language), *written, change))
    names = ("figure", "by_account", "by_customer", "difference")
    return pd.DataFrame(rows, columns=[i18n.word(f"profile.column.{name}", language) for name in names])


def _accounts(name: str, customers: float, language: str) -> str:
    people = i18n.number(customers, "people", language, exact=True)
    if name == "1":
        return i18n.sentence("profile.one_account", language, customers=people)
    key = "profile.more_accounts" if name.endswith("+") else "profile.accounts"
    return i18n.sentence(key, language, customers=people, accounts=name.rstrip("+"))
