"""What a page and a report say of the voice of the customer: sentences, titles, small tables; fewer than k_min people never."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

import customerbase.satisfaction.voice.checking as checking
from customerbase import i18n, intervals
from customerbase.periods import add_months, month_label, parse_month
from customerbase.satisfaction.voice.counting import GROWING, NEW, SHRINKING
from customerbase.satisfaction.voice.polarity import LABELS, NEGATIVE

MOVED = (NEW, GROWING, SHRINKING)
SHOWN = 12
MOST = 3
COMPLAINT = 0.3  # lower end of the share who complain from which on a topic is called one of complaint

Tables = Mapping[str, pd.DataFrame]


def shown(topics: pd.DataFrame, k_min: int) -> pd.DataFrame:
    """Topics that at least k_min people write about, the largest first; what rests on fewer is empty.

    Who complain: below k_min. How much it changed: where fewer than k_min, but not nobody, wrote in one of the two
    months; that it grew or shrank is told, as it gives no number away.
    """
    told = topics[topics["people"].astype(int) >= k_min].sort_values(["people", "topic"], ascending=[False, True])
    few = told["complaining"].astype(int).between(1, k_min - 1)
    names = ["complaining", "complaint", "complaint_low", "complaint_high"]
    told = told.assign(**{name: told[name].astype(float).mask(few) for name in names})
    months = told[["people_month", "people_before"]].astype(int)
    rare = (months.gt(0) & months.lt(k_min)).any(axis=1) & (told["status"] != NEW)
    changes = {name: told[name].astype(float).mask(rare) for name in ("change", "change_low", "change_high")}
    return told.assign(**changes).reset_index(drop=True)


def remarks(tables: Tables, language: str, k_min: int, currency: str) -> list[str]:
    """All there is to say, in order: how many wrote, what is new, what most complain of, how sure, the caution."""
    said = [
        mood(tables["voice_months"], language, k_min), *movements(tables["voice_topics"], language, k_min),
        *stakes(tables, language, k_min, currency, 1), sure(tables["voice_polarity_check"], language),
    ]  # fmt: skip
    if not len(shown(tables["voice_topics"], k_min)):
        said = [said[0], i18n.sentence("voice.no_topics", language, k=k_min), said[-1]]
    return [text for text in (*said, i18n.word("voice.caution", language)) if text]


def mood(months: pd.DataFrame, language: str, k_min: int) -> str:
    """How many wrote in the month and how many of them complain, against the month before."""
    rows = months[months["source"] == "all"].sort_values("month")
    if not len(rows):
        return i18n.word("voice.nobody", language)
    as_of = parse_month(pd.Timestamp(rows.iloc[-1]["as_of"]).date())
    by_month = {pd.Timestamp(row["month"]).date(): row for row in rows.to_dict("records")}
    now, then = by_month.get(as_of), by_month.get(add_months(as_of, -1))
    month = month_label(as_of, language)
    if now is None or not _told(now, k_min):
        return i18n.sentence("voice.few_wrote", language, month=month, k=k_min)
    ends = [i18n.number(now[end], "rate", language) for end in ("low", "high")]
    told = {
        "month": month,
        "people": i18n.number(now["people"], "people", language),
        "share": i18n.number(now["share"], "rate", language),
    }
    said = i18n.sentence("voice.mood", language, interval=i18n.span(*ends, language), **told)
    if then is None or not _told(then, k_min):
        return said
    low, high = intervals.difference(*(row[name] for row in (now, then) for name in ("share", "low", "high")))
    way = "more" if low > 0 else "less" if high < 0 else "same"
    return i18n.run_on(
        [said, i18n.sentence(f"voice.mood_{way}", language, before=i18n.number(then["share"], "rate", language))],
        language,
    )


def _told(row: Mapping, k_min: int) -> bool:
    """Whether the share may be told: neither those who complain nor the others are few but for none."""
    negative, people = int(row["negative"]), int(row["people"])
    return people >= k_min and all(one == 0 or one >= k_min for one in (negative, people - negative))


def movements(topics: pd.DataFrame, language: str, k_min: int) -> list[str]:
    """New, growing and shrinking topics by name; or that none moved."""
    told = shown(topics, k_min)
    said = []
    for status in MOVED:
        names = [_change(row, status, language) for row in told[told["status"] == status].head(MOST).to_dict("records")]
        if names:
            said.append(i18n.sentence(f"voice.{status}", language, topics=i18n.join(names, language)))
    return said or [i18n.word("voice.nothing_moved", language)]


def _change(row: dict, status: str, language: str) -> str:
    name = quoted(row["label"], language)
    return (
        name
        if status == NEW or i18n.missing(row["change"])
        else i18n.aside(name, i18n.points(row["change"], language), language)
    )


def quoted(label: str, language: str) -> str:
    """A topic's name inside a sentence."""
    return f"「{label}」" if language == "ja" else f"“{label}”"


def worth(tables: Tables, k_min: int) -> pd.DataFrame:
    """Complaints that may be told of, with the topic's label, the most valuable first."""
    rows = tables["voice_complaints"].merge(tables["voice_topics"][["topic", "label"]], on="topic")
    return rows[rows["customers"].fillna(0).astype(int) >= k_min].sort_values("place").reset_index(drop=True)


def stakes(tables: Tables, language: str, k_min: int, currency: str, most: int = MOST) -> list[str]:
    """The complaints of the most valuable customers, in words; or that none has enough customers."""
    rows = worth(tables, k_min).head(most)
    return [_stake(row, language, currency) for row in rows.to_dict("records")] or [
        i18n.sentence("voice.no_complaints", language, k=k_min)
    ]


def _stake(row: dict, language: str, currency: str) -> str:
    told = {"topic": quoted(row["label"], language), "customers": i18n.number(row["customers"], "people", language)}
    if i18n.missing(row["value"]):
        return i18n.sentence("voice.stake_people", language, **told)
    money = {name: i18n.number(row[name], "money", language, currency=currency) for name in ("value", "low", "high")}
    return i18n.sentence(
        "voice.stake", language, value=money["value"], interval=i18n.span(money["low"], money["high"], language), **told
    )


def sure(check: pd.DataFrame, language: str, *, short: bool = False) -> str:
    """How often the lexicon is right when it says negative, and how many negative texts it finds, on texts held out.

    short: without n and intervals, for a reader who will not weigh them.
    """
    said = []
    for sample in ("ja", "en"):
        rows = checking.rates(check, sample).set_index(["label", "kind"])
        if not rows.loc[(NEGATIVE, "precision"), "n"]:
            continue
        right, found = rows.loc[(NEGATIVE, "precision")], rows.loc[(NEGATIVE, "recall")]
        told = {"sample": i18n.word(f"voice.sample_{sample}", language)}
        told |= {} if short else {"n": int(found["n"])}
        form = _short if short else _rate
        shares = {"precision": form(right, language), "recall": form(found, language)}
        said.append(i18n.sentence("voice.sure_short" if short else "voice.sure", language, **told, **shares))
    return i18n.run_on(said, language)


def _short(row: pd.Series, language: str) -> str:
    return i18n.number(round(float(row["value"]), 2), "rate", language).replace(".0", "")


def _rate(row: pd.Series, language: str) -> str:
    ends = (i18n.number(row[end], "rate", language) for end in ("low", "high"))
    return i18n.aside(i18n.number(row["value"], "rate", language), i18n.span(*ends, language), language)


def title(topics: pd.DataFrame, language: str, k_min: int) -> str:
    """What most people write about, and which topic draws most complaints."""
    rows = shown(topics, k_min)
    if not len(rows):
        return i18n.word("voice.title_none", language)
    first = rows.iloc[0]
    told = {"first": quoted(first["label"], language), "share": i18n.number(first["share"], "rate", language)}
    angry = rows[rows["complaint_low"].astype(float) >= COMPLAINT].sort_values(
        ["complaining", "topic"], ascending=[False, True]
    )
    if not len(angry):
        return i18n.sentence("voice.title_first", language, **told)
    if angry.iloc[0]["topic"] == first["topic"]:
        return i18n.sentence("voice.title_both", language, **told)
    return i18n.sentence("voice.title_angry", language, angry=quoted(angry.iloc[0]["label"], language), **told)


def value_title(tables: Tables, language: str, k_min: int, currency: str) -> str:
    """Where most value is at stake."""
    rows = worth(tables, k_min).dropna(subset=["value"])
    if not len(rows):
        return i18n.word("voice.value_none", language)
    row = rows.iloc[0]
    money = i18n.number(row["value"], "money", language, currency=currency)
    return i18n.sentence("voice.value_title", language, topic=quoted(row["label"], language), value=money)


def bars(topics: pd.DataFrame, language: str, k_min: int, most: int = SHOWN) -> pd.DataFrame:
    """Topics for a picture: name, share with interval, complaining as a share of everyone, people, whether it is new or moved."""
    rows = shown(topics, k_min).head(most)
    signs = [i18n.word(f"voice.sign.{status}", language) if status in MOVED else "" for status in rows["status"]]
    names = [f"{sign} {label}".strip() for sign, label in zip(signs, rows["label"], strict=True)]
    angry = rows["complaining"].astype(float) / rows["everyone"].astype(float).replace(0, np.nan)
    return rows.assign(name=names, angry=angry)[
        ["name", "share", "share_low", "share_high", "angry", "people", "complaint"]
    ]


def quotes(tables: Tables, language: str, k_min: int, most: int = 8) -> list[tuple[str, str]]:
    """Topics of at least k_min people, each with its examples in one line."""
    rows = shown(tables["voice_topics"], k_min).head(most)
    of = tables["voice_quotes"]
    told = [(row["label"], of.loc[of["topic"] == row["topic"], "quote"]) for row in rows.to_dict("records")]
    return [(label, " ".join(quoted(text, language) for text in words)) for label, words in told if len(words)]


def listing(topics: pd.DataFrame, language: str, k_min: int) -> pd.DataFrame:
    """Topics with their numbers as texts."""
    heads = [
        i18n.word(f"voice.column.{key}", language)
        for key in ("words", "people", "share", "complaint", "change", "status")
    ]
    rows = [_listed(row, language, k_min) for row in shown(topics, k_min).to_dict("records")]
    return pd.DataFrame(rows, columns=heads)


def _listed(row: dict, language: str, k_min: int) -> list[str]:
    def rate(name: str) -> str:
        if i18n.missing(row[name]):
            return f"<{k_min}"
        ends = (i18n.number(row[f"{name}_{end}"], "rate", language) for end in ("low", "high"))
        return i18n.aside(i18n.number(row[name], "rate", language), i18n.span(*ends, language), language)

    change = i18n.points(row["change"], language)
    if not i18n.missing(row["change"]):
        ends = (i18n.points(row[f"change_{end}"], language) for end in ("low", "high"))
        change = i18n.aside(change, i18n.span(*ends, language), language)
    status = i18n.word(f"voice.status.{row['status']}", language)
    return [
        row["words"],
        i18n.number(row["people"], "people", language),
        rate("share"),
        rate("complaint"),
        change,
        status,
    ]


def confusion(check: pd.DataFrame, sample: str, language: str, k_min: int = 0) -> pd.DataFrame:
    """The labels of a sample by rows, those of the lexicon by columns, and precision and recall with n and interval.

    k_min: counts below it are not shown (reviews are customers' texts; the labelled ones are nobody's).
    """
    table = (
        check[check["sample"] == sample]
        .pivot(index="truth", columns="predicted", values="texts")
        .reindex(index=LABELS, columns=LABELS)
    )
    names = [i18n.word(f"voice.polarity.{label}", language) for label in LABELS]
    counts = table.fillna(0).astype(int).to_numpy()
    cells = [[f"<{k_min}" if 0 < n < k_min else f"{n:,}" for n in row] for row in counts]
    if any("<" in cell for row in cells for cell in row):
        return pd.DataFrame(cells, index=names, columns=names)
    found = checking.rates(check, sample).set_index(["label", "kind"])
    made = pd.DataFrame(cells, index=names, columns=names)
    for kind in ("precision", "recall"):
        told = [found.loc[(label, kind)] for label in LABELS]
        made[i18n.word(f"voice.column.{kind}", language)] = [
            _rate(row, language) if row["n"] else i18n.MISSING for row in told
        ]
    return made.rename_axis(i18n.word("voice.column.truth", language))
