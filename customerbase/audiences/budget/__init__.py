"""Who gets which offer under a budget and capacities, what one more unit of each is worth, and how sure the plan is."""

from customerbase.audiences.budget.choosing import Choice, Limit, choose
from customerbase.audiences.budget.month import TABLES, Plan, plan
from customerbase.audiences.budget.offers import Budget, Offer, read_budget

__all__ = ["TABLES", "Budget", "Choice", "Limit", "Offer", "Plan", "choose", "plan", "read_budget"]
