"""The rules of a pipeline checked without running it, and tried on a published month without changing it."""

from customerbase import i18n, rules
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.periods import month_end
from customerbase.pipeline.company_checks import rule_page
from customerbase.pipeline.contracts import Contract, read_contracts
from customerbase.segments import rules as by_rule
from customerbase.stage.company import Company, load, tables_for_rules
from customerbase.tables import previous, store


def check(pipeline: str, *, month: str | None = None, language: str = "en") -> tuple[list[str], int]:
    """What a pipeline's segments say, in lines for a person, and how many rules cannot be.

    Each rule is read for the page that judges it: its conditions, the columns it names, or its one error. With a
    month, sizes on the tables published for it (raises TableError when there are none); nothing is written.
    """
    company = load(pipeline)
    page = rule_page(read_contracts(store.ROOT / "notebooks"))
    if page is None:
        raise ConfigError("no notebook writes segment_rules; expected one page that judges the rules.")
    known = tables_for_rules(page.reads, page.writes, page.previous, company.named)
    texts = rules.rule_texts(company.segments, company.path.name)
    told = {"path": company.path.name, "page": page.path.stem, "tables": i18n.join(known.readable, language)}
    lines = [i18n.sentence("rules.command.page", language, count=len(texts), **told)]
    named = i18n.join([one.ja if language == "ja" else one.en for one in company.named], language)
    lines += [i18n.sentence("rules.command.named", language, names=named)]
    good, faults = [], 0
    for number, (code, spec) in enumerate(texts.items()):
        try:
            good.append(_read(company, known, code, spec, number))
            lines += _described(good[-1], language)
        except ConfigError as error:
            faults += 1
            lines += ["", f"✗ {code}", f"  {error}"]
    if month and good and not faults:
        lines += ["", *_tried(pipeline, month, page, rules.Rules(tuple(good), known), company, language)]
    verdict = i18n.sentence("rules.command.bad", language, count=faults) if faults else ""
    return [*lines, "", verdict or i18n.word("rules.command.good" if texts else "rules.overlap.none", language)], faults


def _read(company: Company, known: rules.Columns, code: object, spec: object, number: int) -> rules.Rule:
    codes = [one.code for one in company.named]
    return rules.read_rule(code, spec, known, number=number, named=codes, where=company.path.name)


def _described(rule: rules.Rule, language: str) -> list[str]:
    conditions = [f"  {number}. {one.shown()}" for number, one in enumerate(rule.conditions, 1)]
    columns = ", ".join(f"{field.full} ({field.kind})" for field in rule.fields)
    return ["", f"✓ {rule.code} · {rule.name(language)}", f"  {rule.text}", *conditions, f"  ← {columns}"]


def _tried(pipeline: str, month: str, page: Contract, read: rules.Rules, company: Company, language: str) -> list[str]:
    """Size of each segment on the published tables of a month; small ones read <k_min."""
    db, paths = Engine(), store.published_tables(pipeline, month)
    before = previous.find(pipeline, month, page.previous)
    for table in read.columns.readable:
        if table.startswith(rules.BEFORE):
            previous.register(db, table.removeprefix(rules.BEFORE), before.paths.get(table.removeprefix(rules.BEFORE)))
        else:
            db.register(table, paths[table])
    k_min = int(company.settings.get("k_min", 10))
    judged = by_rule.apply_rules(db, read, as_of=month_end(month), k_min=k_min)
    shown = by_rule.cards(judged, language=language, k_min=k_min)
    return [f"{month}  {row[0]}: {row[2]} ({row[3]})  " + "; ".join(row[1].splitlines()) for row in shown.to_numpy()]
