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
    """Raise ConfigError when the company's named segments or rules cannot be, before a page finds out.

    A rule may name the tables of the page that judges it (the one that writes segment_rules); those of the month
    before only where the run has a writer for them.
    """
    written = {table for contract in contracts for table in contract.writes}
    rules = rule_page(contracts)
    if company.named and rules:
        company.rules(rules.reads, rules.writes, [table for table in rules.previous if table in written])


def rule_page(contracts: Iterable[Contract]) -> Contract | None:
    """The page that judges the segments by rule; None when the run has none."""
    return next((contract for contract in contracts if "segment_rules" in contract.writes), None)


def check_audiences(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's audiences cannot be, before a page finds out."""
    page = audience_page(contracts)
    if page:
        written = {table for contract in contracts for table in contract.writes}
        company.read_audiences(page.reads, page.writes, [table for table in page.previous if table in written])


def check_budget(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's offers, ranks or schemes cannot be, before a page finds out."""
    page = next((contract for contract in contracts if "budget_plan" in contract.writes), None)
    if page and (company.budget or company.loyalty):
        written = {table for contract in contracts for table in contract.writes}
        company.read_budget(page.reads, page.writes, [table for table in page.previous if table in written])
        company.programme  # noqa: B018 - read for its errors


def audience_page(contracts: Iterable[Contract]) -> Contract | None:
    """The page that makes the audiences; None when the run has none."""
    return next((contract for contract in contracts if "audience_members" in contract.writes), None)


def check_triggers(company: Company, contracts: Sequence[Contract]) -> None:
    """Raise ConfigError when the company's triggers cannot be, before a page finds out."""
    page = trigger_page(contracts)
    if page:
        written = {table for contract in contracts for table in contract.writes}
        company.trigger_rules(page.reads, page.writes, [table for table in page.previous if table in written])


def trigger_page(contracts: Iterable[Contract]) -> Contract | None:
    """The page that evaluates the triggers; None when the run has none."""
    return next((contract for contract in contracts if "trigger_queue" in contract.writes), None)
