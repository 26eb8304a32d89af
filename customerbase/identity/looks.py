"""What page 02 shows: small tables about standardising, links, groups, doubts and the months, none with a value in it."""

from math import log2

import pandas as pd

from customerbase import i18n
from customerbase.engine import Engine
from customerbase.identity.explain import Part
from customerbase.identity.linkage import score_all
from customerbase.identity.model import Model, pinned

STATUSES = ("name", "kana", "company", "postal_code", "address", "email", "phone", "birth_date")


def standardised(db: Engine, language: str) -> pd.DataFrame:
    """Share of the filled values of each field that were standard already, brought to standard, not understood, or blocked."""
    union = " union all ".join(
        f"select '{field}' as field, {field}_status as status, count(*) as n from customers_std"
        f" where {field}_status is not null group by 1, 2"
        for field in STATUSES
    )
    counts = db.query(f"select * from ({union}) order by all").df()
    wide = counts.pivot_table(index="field", columns="status", values="n", fill_value=0)
    wide = wide.reindex(index=[field for field in STATUSES if field in wide.index])
    wide = wide.reindex(columns=["ok", "fixed", "unparsed", "blocked"], fill_value=0)
    shares = wide.div(wide.sum(axis=1), axis=0)
    shares.index = [
        f"{i18n.word(f'identity.field.{field}', language)} (n={int(wide.loc[field].sum()):,})" for field in wide.index
    ]
    return shares.rename(columns=lambda name: i18n.word(f"identity.status.{name}", language))


def counts(db: Engine) -> tuple[int, int, int, int]:
    """How many ids of source systems, customers, customers of the loose grouping, and pairs that wait for people."""
    query = "select count(*), count(distinct customer_id), count(distinct loose_id) from identity_links"
    waiting = db.query("select count(*) from identity_review").fetchall()[0]
    return (*db.query(query).fetchall()[0], *waiting)


def titles(db: Engine, language: str) -> dict[str, str]:
    """The finding of each figure, as its title."""
    counts = ", ".join(
        f"sum(case when {field}_status = '{status}' then 1 else 0 end)"
        for status in ("fixed", "unparsed")
        for field in STATUSES
    )
    filled = " + ".join(f"count({field}_status)" for field in STATUSES)
    [row] = db.query(f"select {counts}, {filled} from customers_std").fetchall()
    row = [value or 0 for value in row]  # without any customer record the sums are null
    fixed, unparsed, total = sum(row[: len(STATUSES)]), sum(row[len(STATUSES) : -1]), row[-1] or 1
    [(records, customers, several)] = db.query(
        "select sum(n), count(*), count(*) filter (n > 1) from (select count(*) as n from identity_links group by customer_id)"
    ).fetchall()
    [(pairs, doubts)] = db.query(
        "select count(match_weight), (select count(*) from identity_review) from identity_edges"
    ).fetchall()
    values = {
        "fixed": i18n.number(fixed / total, "rate", language),
        "unparsed": i18n.number(unparsed / total, "rate", language),
        "records": f"{int(records or 0):,}",
        "customers": f"{customers:,}",
        "share": i18n.number(several / max(customers, 1), "rate", language),
        "pairs": f"{pairs:,}",
        "doubts": f"{doubts:,}",
    }
    return {
        name: i18n.sentence(
            f"identity.finding_{name}",
            language,
            **{k: v for k, v in values.items() if "{" + k + "}" in i18n.word(f"identity.finding_{name}", language)},
        )
        for name in ("standardised", "rules", "sizes", "weights", "waterfall")
    }


def rules(db: Engine, language: str) -> pd.DataFrame:
    """Records by the rule that joins them to their customer: a key, the model, a decision, or alone."""
    counts = db.query("select rule, count(*) as records from identity_links group by rule order by rule").df()
    return counts.assign(rule=[i18n.word(f"identity.rule.{rule}", language) for rule in counts["rule"]])


def sizes(db: Engine, language: str) -> pd.DataFrame:
    """Customers by the number of records that are theirs."""
    counts = db.query(
        "select records, count(*) as customers from (select customer_id, least(count(*), 6) as records"
        " from identity_links group by 1) group by 1 order by 1"
    ).df()
    names = [i18n.sentence("identity.records", language, n=f"{n}{'+' if n == 6 else ''}") for n in counts["records"]]
    return counts.assign(records=names)


def weights(db: Engine, language: str, step: int = 4) -> pd.DataFrame:
    """Pairs of records by match weight (bits, in steps) and by what became of them."""
    counts = db.query(
        f"select cast(floor(match_weight / {int(step)}) * {int(step)} as bigint) as bits, state, count(*) as pairs"
        " from identity_edges where match_weight is not null group by 1, 2 order by 1, 2"
    ).df()
    wide = counts.pivot_table(index="state", columns="bits", values="pairs")
    return wide.rename(index=lambda state: i18n.word(f"identity.state.{state}", language))


def doubts(db: Engine, language: str) -> pd.DataFrame:
    """Pairs in the review queue by reason."""
    counts = db.query("select reason, count(*) as pairs from identity_review group by 1 order by 2 desc, 1").df()
    return counts.assign(reason=[i18n.word(f"identity.doubt.{reason}", language) for reason in counts["reason"]])


def months(db: Engine, changes: str, language: str) -> pd.DataFrame:
    """Customers of this month by what happened to their id since the month before."""
    counts = db.query(f"select change, count(*) as customers from {changes} group by 1 order by 2 desc, 1").df()
    return counts.assign(change=[i18n.word(f"identity.change.{change}", language) for change in counts["change"]])


def typical_pair(db: Engine) -> tuple[str, str] | None:
    """The pair that the model alone joined with the median match weight (of equals, the first by id); None without one."""
    rows = db.query(
        "select record_a, record_b from identity_edges where state = 'kept' and rule is null"
        " order by match_weight, record_a, record_b"
    ).fetchall()
    return rows[len(rows) // 2] if rows else None


def waterfall(parts: list[Part], language: str) -> pd.DataFrame:
    """The match weight of one pair as steps: field and level in words, bits."""
    names = [i18n.word(f"identity.field.{part.field}", language) for part in parts]
    levels = [i18n.word(f"identity.level.{slug(part.level)}", language) for part in parts]
    return pd.DataFrame(
        {"step": [f"{n}: {w}" for n, w in zip(names, levels, strict=True)], "bits": [p.bits for p in parts]}
    )


def levels(model: Model, other: Model, language: str) -> pd.DataFrame:
    """The weight in bits of every level of two models, side by side."""
    rows = []
    for name in model.names:
        theirs = _bits(other, name) if name in other.names else {}
        for label, bits in _bits(model, name).items():
            words = i18n.word(f"identity.field.{name}", language), i18n.word(f"identity.level.{slug(label)}", language)
            rows.append((*words, bits, theirs.get(label)))
    return pd.DataFrame(rows, columns=["field", "level", model.version, other.version])


def _bits(model: Model, name: str) -> dict[str, float]:
    [found] = [one for one in model.settings["comparisons"] if one["output_column_name"] == name]
    return {
        level["label_for_charts"]: log2(level["m_probability"] / level["u_probability"])
        for level in found["comparison_levels"]
        if not level.get("is_null_level")
    }


def model_change(db: Engine, model: Model, other: Model, threshold: float = 5.0) -> pd.DataFrame:
    """Pairs joined at `threshold` bits by both models, by one of them, or by none."""
    for name, one in (("new", model), ("old", other)):
        score_all(db, pinned(db, one, "linkage"))
        db.execute(f"create or replace temp table _{name}_scores as select * from scores")
    counts = db.query(
        f"select coalesce(n.match_weight >= {threshold}, false) as n, coalesce(o.match_weight >= {threshold}, false) as o,"
        " count(*) as pairs from _new_scores as n full outer join _old_scores as o"
        " on n.idx_l = o.idx_l and n.idx_r = o.idx_r group by 1, 2 order by 1, 2"
    ).df()
    wide = counts.pivot_table(index="n", columns="o", values="pairs", fill_value=0)
    words = {True: "joined", False: "not joined"}
    return wide.rename(
        index=lambda one: f"{model.version}: {words[one]}", columns=lambda one: f"{other.version}: {words[one]}"
    )


def slug(level: str) -> str:
    """The key of a level's words in words.yaml."""
    return level.replace(",", "").replace("@", "at").replace(" ", "_")


standardised.definition_ja = "項目ごとに、値が標準形のままだった・直した・読めなかった・誰のものでもない、の割合"
rules.definition_ja = "会員レコードを顧客に結びつけた根拠（照合キー、モデル、人の判断、単独）ごとの件数"
sizes.definition_ja = "1人の顧客が持つ会員レコードの数"
weights.definition_ja = "レコードの組の一致の強さ（ビット）と、その扱い"
doubts.definition_ja = "人の確認を待つレコードの組"
months.definition_ja = "前月からの顧客IDの変化"
waterfall.definition_ja = "1組のレコードについて、各項目が同一人物らしさに加えるビット数"
