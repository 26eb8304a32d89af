"""What became of one stage."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """What became of one stage: its folder of results, whether it was reused, how long it took, or its failure."""

    folder: Path | None = None
    reused: bool = False
    seconds: float = 0.0
    failure: str = ""
    result: dict = field(default_factory=dict)
