"""What to know about a prediction, in words: a code with its values, said in English or Japanese (words.yaml)."""

from typing import ClassVar

import customerbase.cltv.notes as notes
from customerbase import i18n

distinct = notes.distinct


class Note(notes.Note):
    """One remark on a prediction; its sentences stand under prediction.note."""

    words: ClassVar[str] = "prediction.note"
    models: ClassVar[str] = "prediction.model"  # where rungs have their names

    def text(self, language: str) -> str:
        """The remark in words, the rung by its name."""
        values = dict(self.values)
        if "model" in values:
            values["model"] = i18n.word(f"{self.models}.{values['model']}", language)
        return i18n.sentence(f"{self.words}.{self.code}", language, **values)
