"""Which products go together, which follow which, and how categories sell across: beyond what chance explains."""

from customerbase.recommend.related.counts import BASKET, CUSTOMER, LEVELS
from customerbase.recommend.related.following import EITHER, THIS
from customerbase.recommend.related.month import Note, Related, related
from customerbase.recommend.related.options import Options

__all__ = ["BASKET", "CUSTOMER", "EITHER", "LEVELS", "THIS", "Note", "Options", "Related", "related"]
