"""What to know about a fit of the time to the next purchase, in words (words.yaml, timing.note)."""

from typing import ClassVar

from customerbase.cltv import notes


class Note(notes.Note):
    """One remark: what was found and what was done instead."""

    words: ClassVar[str] = "timing.note"
