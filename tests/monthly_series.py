"""Monthly series whose future is known, of the kinds that KPIs are made of, with the sampling error of each month."""

import numpy as np
import pandas as pd

KINDS = ("level", "trend", "seasonal", "seasonal_trend", "walk", "noisy_walk")
LENGTHS = (18, 24, 36, 60)
AHEAD = 6


def series(kind: str, months: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of one series, AHEAD months longer than its history, and the standard error of each month."""
    month = np.arange(months + AHEAD)
    error = np.full(len(month), 0.001 if kind == "walk" else 0.05)
    season = 0.2 * np.sin(2 * np.pi * (month / 12 + rng.random())) + 0.1 * np.sin(
        4 * np.pi * (month / 12 + rng.random())
    )
    mean = {
        "level": lambda: np.zeros(len(month)),
        "trend": lambda: rng.choice([-1, 1]) * 0.02 * month,
        "seasonal": lambda: season + np.cumsum(rng.normal(0, 0.02, len(month))),
        "seasonal_trend": lambda: season + 0.01 * month,
        "walk": lambda: np.cumsum(rng.normal(0, 0.08, len(month))),
        "noisy_walk": lambda: np.cumsum(rng.normal(0, 0.04, len(month))),
    }[kind]()
    return mean + rng.normal(size=len(month)) * error, error


def history(logs: np.ndarray, error: np.ndarray) -> pd.DataFrame:
    """The series as months of a KPI in currency, with its 95 % intervals."""
    half = 1.959964 * error
    ends = {"low": np.exp(logs - half), "high": np.exp(logs + half)}
    months = pd.date_range("2020-01-01", periods=len(logs), freq="MS").date
    return pd.DataFrame({"month": months, "value": np.exp(logs), "n": 1000, **ends})


def shares(logs: np.ndarray, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """The series as shares of n customers, with binomial sampling error of its own."""
    true = 1 / (1 + np.exp(-logs))
    value = rng.binomial(n, true) / n
    half = 1.959964 * np.sqrt(np.maximum(value * (1 - value), 1e-6) / n)
    ends = {"low": np.maximum(value - half, 0), "high": np.minimum(value + half, 1)}
    months = pd.date_range("2020-01-01", periods=len(logs), freq="MS").date
    return pd.DataFrame({"month": months, "value": value, "n": n, **ends})
