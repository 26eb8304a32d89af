"""What to offer: which products go together, and what follows what."""

from customerbase.recommend import related

__all__ = ["related"]
