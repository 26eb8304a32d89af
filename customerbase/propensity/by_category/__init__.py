"""What customers will buy: the chance of a purchase from each general category within the horizon."""

from customerbase.propensity.by_category.month import Categories, CategoryOptions, categories

__all__ = ["Categories", "CategoryOptions", "categories"]
