"""Who will buy, when and what: the categories a customer will buy from.

made = propensity.categories(db, as_of=date(2026, 10, 31), options=propensity.CategoryOptions(horizon_days=30))
"""

from customerbase.propensity.category import Categories, CategoryOptions, categories

__all__ = ["Categories", "CategoryOptions", "categories"]
