"""What became of one stage, and how a run is done."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from customerbase.pipeline.guard import Limits


@dataclass
class Outcome:
    """What became of one stage: its folder of results, whether it was reused, time and memory it took, or its failure."""

    folder: Path | None = None
    reused: bool = False
    seconds: float = 0.0
    peak_mib: float = 0.0
    failure: str = ""
    result: dict = field(default_factory=dict)


@dataclass(frozen=True)
class How:
    """How a run is done; nothing here changes a table or a number.

    jobs: stages side by side, as long as they fit together into memory_mib (MiB, by what each held the last time).
    force: execute every stage again. restate: make a published month anew though its raw files changed since.
    data_docs: render the pages of Great Expectations. limits: of each stage.
    """

    jobs: int = 2
    force: bool = False
    restate: bool = False
    data_docs: bool = True
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    memory_mib: float | None = None

    def without_pages(self) -> "How":
        """The same without the pages of Great Expectations: nothing is to be published."""
        return replace(self, data_docs=False)
