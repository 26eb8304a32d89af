"""An invented company whose customers write about known subjects: which, when, how content; texts as they come from people."""

from datetime import datetime

import numpy as np
import pandas as pd

from customerbase.engine import Engine

SLOTS = {
    "when": ["昨日", "先週", "", "", "この前", "週末に", "何度か"],
    "very": ["とても", "", "本当に", "", "かなり", "少し"],
    "end": ["です。", "と思います。", "でした。", "です！", "…", "ですね。", "。"],
    "also": [
        "",
        "",
        "",
        "",
        "",
        "",
        "家族も同じ意見です。",
        "友人も言っていました。",
        "長年の客です。",
        "また来ます。",
    ],
}
SUBJECTS = {  # subject: (complains, ways of saying it)
    "waiting": (
        True,
        [
            "{when}レジの待ち時間が{very}長かった{end}",
            "{when}窓口で待ち時間が一時間もあり待たされました。",
            "待ち時間の長さに{very}うんざり{end}",
            "レジに並ぶ時間が長い、待ち時間を短くしてほしい。",
            "{when}並んだけどレジが少なくて待ち時間が{very}つらい{end}",
        ],
    ),
    "parcel": (
        True,
        [
            "{when}届いた荷物の箱が{very}つぶれていました。",
            "荷物の梱包が{very}雑で箱が破れていた{end}",
            "箱が凹んで届きました。荷物の扱いが{very}ひどい{end}",
            "配達された荷物がびしょ濡れで箱も破損していました。",
            "梱包の箱が大きすぎて荷物の中身が割れた{end}",
        ],
    ),
    "scent": (
        False,
        [
            "この香りが{very}好き{end}",
            "香りが上品で{very}気に入っています。",
            "{when}試したら香りも使い心地も最高{end}",
            "使い心地がよく香りが続くのがうれしい{end}",
            "ほのかな香りで使い心地が{very}いい{end}",
        ],
    ),
    "app": (
        True,
        [
            "アプリの画面が{very}重くて落ちます。",
            "{when}アプリにログインできません。画面が固まる{end}",
            "アプリの更新で画面が{very}使いにくくなった{end}",
            "画面が真っ白でアプリが開けません。",
            "ログイン画面でアプリがエラーになり{very}困っています。",
        ],
    ),
    "staff": (
        False,
        [
            "店員さんが{very}親切でした。",
            "{when}店員さんの接客が丁寧で{very}うれしかった{end}",
            "接客が{very}気持ちよく店員さんに感謝しています。",
            "店員さんの説明が分かりやすく接客に満足{end}",
            "笑顔の接客、店員さんが{very}素敵{end}",
        ],
    ),
    "points": (
        None,
        [
            "ポイントの有効期限を教えてください。",
            "{when}ポイントが付与されたか確認したい{end}",
            "ポイントの交換方法と有効期限が知りたい{end}",
            "有効期限までに貯めたポイントを使いたい{end}",
            "ポイントの残高と有効期限はどこで見られますか。",
        ],
    ),
    "english": (
        True,
        [
            "The delivery was {late} and the courier left the parcel outside.",
            "My delivery is late again, the courier never rings.",
            "Courier was rude and the delivery came damaged.",
            "Delivery took three weeks and the courier lost it.",
        ],
    ),
}
SUBJECTS["refill"] = (True, ["詰め替え用の袋が{very}開けにくい{end}", "詰め替え袋からこぼれて{very}不便{end}", "{when}詰め替え用の袋が破れて漏れました。", "詰め替えの袋の注ぎ口が{very}固い{end}"])  # fmt: skip
SLOTS["late"] = ["late", "very late", "slow"]
USUAL = ("waiting", "parcel", "scent", "app", "staff", "points", "english")


def say(random: np.random.Generator, subject: str) -> str:
    """One text about a subject."""
    text = SUBJECTS[subject][1][random.integers(len(SUBJECTS[subject][1]))]
    for name, choices in SLOTS.items():
        text = text.replace("{" + name + "}", choices[random.integers(len(choices))])
    return text + (SLOTS["also"][random.integers(len(SLOTS["also"]))] if subject != "english" else "")


def frame(
    seed: int = 1,
    months: int = 6,
    people: int = 80,
    subjects: tuple[str, ...] = USUAL,
    extra: dict[int, dict[str, int]] | None = None,
) -> pd.DataFrame:
    """Texts as voice_texts.sql gives them, with the column subject; the last month is 2026-10.

    people: how many write in a month, one text each. extra: place of a month from the last (0) -> subject -> that many more people.
    """
    random = np.random.default_rng(seed)
    rows = []
    for back in range(months - 1, -1, -1):
        month = (pd.Period("2026-10", "M") - back).to_timestamp()
        told = [subjects[at] for at in random.integers(0, len(subjects), people)]
        told += [subject for subject, number in (extra or {}).get(back, {}).items() for _ in range(number)]
        for subject in told:
            writer = f"c{len(rows):05d}"
            said = say(random, subject)
            rows.append(("review", "shop", f"r{len(rows):06d}", writer, f"c/{writer}", month, said, None, subject))
    names = ["source", "source_system", "record_id", "customer_id", "author", "month", "said", "stars", "subject"]
    return pd.DataFrame(rows, columns=names)


def company(texts: pd.DataFrame, cltv: float = 1000.0, **tables: pd.DataFrame) -> Engine:
    """Tables that voice.voice reads, from texts as reviews; every customer is worth `cltv`."""
    db = Engine(threads=1)
    posted = [datetime(month.year, month.month, 15) for month in texts["month"]]
    reviews = pd.DataFrame({
        "source_system": texts["source_system"], "review_id": texts["record_id"], "product_id": "p1", "source_customer_id": texts["customer_id"],
        "posted_at": posted, "text": texts["said"], "stars": texts["stars"],
    })  # fmt: skip
    known = texts["customer_id"].dropna().drop_duplicates()
    db.register("shown", reviews)
    db.execute(
        "create table reviews as select * replace (cast(stars as integer) as stars, cast(posted_at as timestamp) as posted_at) from shown"
    )
    db.register(
        "links", pd.DataFrame({"customer_id": known, "source_system": "shop", "source_customer_id": known}, dtype="str")
    )
    db.execute("create table identity_links as select * from links")
    db.register("worth", pd.DataFrame({"customer_id": known.astype("str"), "cltv": cltv}))
    db.execute("create table cltv as select * from worth")
    db.execute("create table products as select 'shop' as source_system, 'p1' as product_id, 'ハンドクリーム' as name")
    db.execute(
        "create table survey_answers (source_system varchar, response_id varchar, question_id varchar, source_customer_id varchar,"
        " answered_at timestamp, answer_text varchar)"
    )
    db.execute(
        "create table inquiries (source_system varchar, inquiry_id varchar, source_customer_id varchar, opened_at timestamp, text varchar)"
    )
    remember(db, tables.get("voice_terms"))
    return db


def remember(db: Engine, terms: pd.DataFrame | None) -> None:
    """Put the topics of the month before where the next month finds them."""
    db.execute(
        "create or replace table previous_voice_terms (generation bigint, fitted date, tokens varchar, topic varchar, term varchar, shown varchar,"
        " phrase boolean, weight double, idf double, since date, as_of date)"
    )
    if terms is not None:
        db.register("terms_before", terms)
        db.execute("insert into previous_voice_terms by name select * from terms_before")
