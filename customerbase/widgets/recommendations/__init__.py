"""What to offer (おすすめ): both lists of one customer with their reasons, and what goes with the last purchases."""

from customerbase.widgets.recommendations.page import Recommendations

__all__ = ["Recommendations"]
