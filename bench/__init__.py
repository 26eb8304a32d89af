"""Measurements, printed as tables with ratios; none of them is a timed test."""
