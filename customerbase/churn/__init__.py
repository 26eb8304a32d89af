"""Who is leaving: the chance of no purchase of each customer, what is at risk, why, and whether the scores can be trusted."""

from customerbase.churn.month import BANDS, Options, Result, campaign, risk

__all__ = ["BANDS", "Options", "Result", "campaign", "risk"]
