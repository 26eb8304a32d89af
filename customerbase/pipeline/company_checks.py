"""What a pipeline file says of segments, audiences, triggers, offers, ranks and costs, checked before any page runs."""

from collections.abc import Iterable, Sequence

from customerbase.pipeline.contracts import Contract
from customerbase.stage.company import Company


def check(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError for whatever a pipeline file says that the pages which will use it cannot read."""
    check_segments(company, contracts)
    check_audiences(company, contracts)
    check_triggers(company, contracts)
    check_budget(company, contracts)
    company.costs  # noqa: B018 - read for its errors


def check_segments(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's named segments or rules cannot be, before a page finds out."""
    page = rule_page(contracts)
    if company.named and page:
        company.rules(*_tables(page, contracts))


def check_audiences(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's audiences cannot be, before a page finds out."""
    page = audience_page(contracts)
    if page:
        company.read_audiences(*_tables(page, contracts))


def check_triggers(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's triggers cannot be, before a page finds out."""
    page = _writer("trigger_queue", contracts)
    if page:
        company.trigger_rules(*_tables(page, contracts))


def check_budget(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's offers, ranks or schemes cannot be, before a page finds out."""
    page = _writer("budget_plan", contracts)
    if page and (company.budget or company.loyalty):
        company.read_budget(*_tables(page, contracts))
        company.programme  # noqa: B018 - read for its errors


def rule_page(contracts: Iterable[Contract]) -> Contract | None:
    """The page that judges the segments by rule; None when the run has none."""
    return _writer("segment_rules", contracts)


def audience_page(contracts: Iterable[Contract]) -> Contract | None:
    """The page that makes the audiences; None when the run has none."""
    return _writer("audience_members", contracts)


def _writer(table: str, contracts: Iterable[Contract]) -> Contract | None:
    return next((contract for contract in contracts if table in contract.writes), None)


def _tables(page: Contract, contracts: Iterable[Contract]) -> tuple[Iterable[str], Iterable[str], list[str]]:
    """What rules of a page may name: tables it reads and writes, those of the month before where the run has a writer."""
    written = {table for contract in contracts for table in contract.writes}
    return page.reads, page.writes, [table for table in page.previous if table in written]
