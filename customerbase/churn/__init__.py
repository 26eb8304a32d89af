"""Who is leaving: when silence counts as leaving, how long contracts last, and what each customer's chances are."""

from customerbase.churn.definition import Definition, definition

__all__ = ["Definition", "definition"]
