"""What to know about the groups of a month, in words: a code with its values, said in English or Japanese (words.yaml)."""

from typing import ClassVar

import customerbase.cltv.notes as notes
from customerbase import i18n

distinct = notes.distinct


class Note(notes.Note):
    """One remark on the groups; its sentences stand under groups.note. Features are told by name."""

    words: ClassVar[str] = "groups.note"

    def text(self, language: str) -> str:
        """The remark in words, features by their names, shares in percent."""
        from customerbase.segments.clusters.names import title  # names say features by the same words

        told = dict(self.values)
        for key in ("feature", "other"):
            if key in told:
                told[key] = title(str(told[key]), language)
        if "share" in told:
            told["share"] = i18n.number(told["share"], "rate", language)
        if "features" in told:
            told["features"] = i18n.join([title(one, language) for one in told["features"]], language)
        return i18n.sentence(f"{self.words}.{self.code}", language, **told)
