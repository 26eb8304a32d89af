"""From insight to action, lawfully: who may be contacted, and the audiences of a pipeline file."""

from customerbase.audiences.consent import Matching, contactable, read_matching
from customerbase.audiences.evaluating import Made, make
from customerbase.audiences.reading import Audience, Audiences, Known, read_audiences

__all__ = [
    "Audience",
    "Audiences",
    "Known",
    "Made",
    "Matching",
    "contactable",
    "make",
    "read_audiences",
    "read_matching",
]
