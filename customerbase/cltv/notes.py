"""What to know about a fit, in words: a code with its values, said in English or Japanese (words.yaml, cltv.note)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from customerbase import i18n


@dataclass(frozen=True)
class Note:
    """One remark: what was found and what was done instead. A topic above has its own `words`: where its sentences stand."""

    words: ClassVar[str] = "cltv.note"
    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """The remark in words."""
        return i18n.sentence(f"{self.words}.{self.code}", language, **self.values)

    def as_dict(self) -> dict:
        """Code and values, for JSON."""
        return {"code": self.code, "values": dict(self.values)}


def distinct(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Each note once, in the order in which they first come."""
    return tuple({str(note): note for note in notes}.values())
