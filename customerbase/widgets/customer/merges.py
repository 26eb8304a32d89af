"""Which accounts were brought together into one customer, by which rule, how surely and since when; and the consents."""

from collections.abc import Mapping, Sequence

from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.periods import month_label
from customerbase.widgets.customer.terms import Terms

Rows = Sequence[Mapping[str, object]]


def told(links: Rows, former: Rows, accounts: int, terms: Terms) -> str:
    """The merge in sentences: accounts by system, what joined them, since when, how surely, former ids."""
    said = [_joined(links, terms)] if links else [terms.word("merge.single" if accounts == 1 else "merge.missing")]
    chances = [row["match_probability"] for row in links if row["match_probability"] is not None]
    if chances:
        low, high = (chance(one, terms.language) for one in (min(chances), max(chances)))
        said.append(
            terms.say("merge.chance_one", low=low) if low == high else terms.say("merge.chance", low=low, high=high)
        )
    if former:
        ids = [
            terms.say("merge.former_one", id=row["alias_id"], since=month_label(row["since"], terms.language))
            for row in former
        ]
        said.append(terms.say("merge.former", ids=i18n.join(ids, terms.language)))
    return i18n.run_on(said, terms.language)


def chance(value: float, language: str) -> str:
    """A probability of one person; never a certainty: 99.9 % and more reads so."""
    if value < 0.9995:
        return i18n.number(value, "rate", language)
    return "99.9%以上" if language == "ja" else "99.9\u00a0% or more"


def _joined(links: Rows, terms: Terms) -> str:
    ends = {(row[f"account_{end}"], row[f"system_{end}"]) for row in links for end in "ab" if row[f"account_{end}"]}
    systems: dict[str, int] = {}
    for _, system in sorted(ends):
        systems[system] = systems.get(system, 0) + 1
    counted = [terms.say("merge.several", system=name, n=n) for name, n in systems.items()]
    rules = sorted({row["rule"] for row in links})
    months = sorted({row["joined"] for row in links if row["joined"]})
    since = terms.say("since", month=month_label(months[-1], terms.language)) if months else i18n.MISSING
    return terms.say(
        "merge.told",
        accounts=len(ends),
        systems=i18n.join(counted, terms.language),
        links=f"{len(links):,}",
        rules=i18n.join([rule(one, terms.language) for one in rules], terms.language),
        joined=since,
    )


def rule(code: str, language: str) -> str:
    """A key, the model or a decision in words."""
    return i18n.word_or(f"identity.rule.{code}", language, code)


def table(links: Rows, accounts: int, terms: Terms) -> Table:
    """One line a link: its two accounts, rule, probability, match weight, agreement by field, month."""
    columns = (
        Column("ends", terms.word("merge.link")),
        Column("rule", terms.word("merge.rule"), "text", terms.word("merge.meaning_rule")),
        Column("probability", terms.word("merge.probability"), "figure", terms.word("merge.meaning_probability")),
        Column("bits", terms.word("merge.bits"), "number", terms.word("merge.meaning_bits")),
        Column("joined", terms.word("merge.joined"), "month", terms.word("merge.meaning_joined")),
        Column("agreement", terms.word("merge.agreement")),
    )
    rows = tuple(
        (
            _ends(row, terms),
            rule(row["rule"], terms.language),
            i18n.MISSING if row["match_probability"] is None else chance(row["match_probability"], terms.language),
            row["match_weight"],
            None if row["joined"] is None else row["joined"].isoformat(),
            agreement(row["evidence"], terms.language) or i18n.MISSING,
        )
        for row in links
    )
    caption = terms.caption(terms.word("merge.definition"), accounts, "merge")
    return Table(terms.word("merge.links"), columns, rows, caption)


def _ends(row: Mapping[str, object], terms: Terms) -> str:
    a = {"a": row["account_a"], "system_a": row["system_a"]}
    if row["account_b"] is None:
        return terms.say("merge.end", **a)
    return terms.say("merge.ends", **a, b=row["account_b"], system_b=row["system_b"])


def agreement(evidence: Mapping[str, str], language: str) -> str:
    """Field by field how far two accounts agree, in words and without any value."""
    mark = "：" if language == "ja" else ": "
    told = [
        f"{i18n.word_or(f'identity.field.{field}', language, field)}{mark}{_level(level, language)}"
        for field, level in evidence.items()
    ]
    return ("、" if language == "ja" else "; ").join(told)


def _level(level: str, language: str) -> str:
    key = level.replace(",", "").replace("@", "at").replace(" ", "_")  # as customerbase.identity names its levels
    return i18n.word_or(f"identity.level.{key}", language, level)


def consents(rows: Rows, accounts: int, terms: Terms) -> Table:
    """Yes or no by purpose and channel; no address."""
    columns = (
        Column("purpose", terms.word("consent.purpose")),
        Column("channel", terms.word("consent.channel")),
        Column("state", terms.word("consent.state"), "text", terms.word("consent.caption")),
        Column("changed", terms.word("consent.changed"), "day"),
        Column("accounts", terms.word("consent.accounts"), "count"),
        Column("granting", terms.word("consent.granting"), "count"),
    )
    lines = tuple(
        (
            terms.code("purpose", row["purpose"]),
            terms.code("channel", row["channel"]),
            terms.code("consent", row["state"]),
            row["changed_at"].date().isoformat(),
            row["accounts"],
            row["accounts_granted"],
        )
        for row in rows
    )
    caption = terms.caption(terms.word("consent.caption"), accounts, "consents")
    return Table(terms.word("consent.table"), columns, lines, caption)
