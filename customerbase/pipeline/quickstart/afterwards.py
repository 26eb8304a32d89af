"""Afterwards: what was done with the data, and what further data would unlock."""

from collections.abc import Iterable, Sequence

import duckdb
import pandas as pd

from customerbase import quality, tables
from customerbase.engine import literal
from customerbase.i18n import join
from customerbase.pipeline.contracts import pages
from customerbase.sources.guess_table import word
from customerbase.tables import store


def after(name: str, month: str, language: str) -> str:
    """What was done with these data, what they also allow, what further data would unlock, and how to go on."""
    published = store.published_tables(name, month)
    lines = []
    if "readiness" in published:
        with duckdb.connect(":memory:") as connection:
            readiness = connection.sql(f"select * from read_parquet({literal(str(published['readiness']))})").df()
        lines = unlocks(readiness, shipped_stages(), language)
    return "\n".join([*lines, word("again", language, name=name)])


def unlocks(readiness: pd.DataFrame, shipped: Sequence[str], language: str) -> list[str]:
    """Sentences: stages the data unlock (shipped, still to come), and stages with the tables each would need."""
    possible = ["quality", *quality.unlocked(readiness)]

    def names(stages: Iterable[str]) -> str:
        return join([word(f"stage_{stage}", language) for stage in stages], language)

    done, to_come = [s for s in possible if s in shipped], [s for s in possible if s not in shipped]
    lines = [word("done_stages", language, stages=names(done))] if done else []
    lines += [word("to_come", language, stages=names(to_come))] if to_come else []
    needs = {
        stage: [tables.schema(group.split(".")[1]).title[language] for group in groups]
        for stage, groups in quality.locked(readiness).items()
    }
    lines += [word("locked", language)] if needs else []
    return lines + [
        word(
            "locked_line",
            language,
            stage=word(f"stage_{stage}", language),
            tables=join(dict.fromkeys(titles), language),
        )
        for stage, titles in needs.items()
    ]


def shipped_stages() -> list[str]:
    """The stages that have a notebook, in its order."""
    return [path.stem.split("_", 1)[1] for path in pages(store.ROOT / "notebooks")]
