"""The audiences of a pipeline checked without running it, and tried on a published month without changing it."""

from customerbase import audiences, i18n
from customerbase.audiences.looks import steps
from customerbase.audiences.reading import audience_texts, read_audience, read_audiences
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.periods import month_end
from customerbase.pipeline.company_checks import audience_page
from customerbase.pipeline.contracts import Contract, read_contracts
from customerbase.stage.company import Company, load
from customerbase.tables import store


def check(pipeline: str, *, month: str | None = None, language: str = "en") -> tuple[list[str], int]:
    """What a pipeline's audiences say, in lines for a person, and how many cannot be; no line where it has none.

    With a month, who would be left out where on the tables published for it (raises TableError when there are none);
    nothing is written.
    """
    company = load(pipeline)
    page = audience_page(read_contracts(store.ROOT / "notebooks"))
    texts = audience_texts(company.audiences, company.path.name)
    if page is None or not texts:
        return [], 0
    known = company.known_to_audiences(page.reads, page.writes, page.previous)
    told = {"path": company.path.name, "page": page.path.stem, "tables": i18n.join(known.columns.readable, language)}
    lines, before, faults = [i18n.sentence("audiences.command.page", language, count=len(texts), **told)], [], 0
    for number, (code, spec) in enumerate(texts.items()):
        try:
            one = read_audience(code, spec, known, before=before, number=number, where=company.path.name)
            lines += _described(one, language)
            before.append(one.code)
        except ConfigError as error:
            faults += 1
            lines += ["", f"✗ {code}", f"  {error}"]
    if month and not faults:
        lines += ["", *_tried(pipeline, month, page, company, language)]
    key = "bad" if faults else "good"
    verdict = i18n.sentence("audiences.command.bad", language, count=faults) if faults else ""
    return [*lines, "", verdict or i18n.word(f"audiences.command.{key}", language)], faults


def _described(one: audiences.Audience, language: str) -> list[str]:
    name = {code: i18n.word(f"audiences.channel.{code}", language) for code in one.channels}
    limit = f" · ≤ {one.most:,} ({one.ranked_by.full})" if one.most and one.ranked_by else ""
    share = i18n.number(one.holdout, "rate", language)
    out = [f"  − {one.said_excluded()}"] if one.said_excluded() else []
    kept = i18n.word("audiences.step.kept_back", language)
    return [
        "",
        f"✓ {one.code} · {one.title[language]}",
        f"  {one.said()}",
        *out,
        f"  → {i18n.join(name.values(), language)} · {kept} {share}{limit}",
    ]


def _tried(pipeline: str, month: str, page: Contract, company: Company, language: str) -> list[str]:
    """Who leaves where, on the published tables of a month; small numbers read *."""
    db, paths, as_of = Engine(), store.published_tables(pipeline, month), month_end(month)
    for table in page.reads:
        db.register(table, paths[table])
    db.register("contactable", audiences.contactable(db, company.matching, as_of=as_of).to_arrow_table())
    known = company.known_to_audiences(page.reads, page.writes, page.previous)
    read = read_audiences(company.audiences, known, company.settings, company.path.name)
    k_min = int(company.settings.get("k_min", 10))
    made = audiences.make(db, read, as_of=as_of, k_min=k_min)
    shown = steps(made.sizes, made.drops, language, k_min)
    heads = list(shown.columns)[1:]
    return [
        f"{month}  {row[0]}: " + ", ".join(f"{head} {cell}" for head, cell in zip(heads, row[1:], strict=True))
        for row in shown.to_numpy()
    ]
