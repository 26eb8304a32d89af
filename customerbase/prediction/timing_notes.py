"""What to know about a fit of the time to the next purchase, in words (words.yaml, timing.note)."""

from customerbase import i18n
from customerbase.cltv import notes


class Note(notes.Note):
    """One remark: what was found and what was done instead."""

    def text(self, language: str) -> str:
        """The remark in words."""
        return i18n.sentence(f"timing.note.{self.code}", language, **self.values)
