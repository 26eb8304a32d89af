"""What to know about a prediction, in words: a code with its values, said in English or Japanese (words.yaml)."""

from typing import ClassVar

import customerbase.cltv.notes as notes

distinct = notes.distinct


class Note(notes.Note):
    """One remark on a prediction; its sentences stand under prediction.note."""

    words: ClassVar[str] = "prediction.note"
