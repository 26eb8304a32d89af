"""Satisfaction and the voice of the customer (顧客満足・VoC): scores of surveys, who answers, what people ask and say."""

from customerbase.satisfaction.month import Satisfaction, satisfaction

__all__ = ["Satisfaction", "satisfaction"]
