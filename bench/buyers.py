"""Simulated customers who buy, leave and spend as the CDNOW customers did: summaries and logs of any size."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

AS_OF = date(2026, 9, 30)
BUYING = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}  # BG/NBD, a week
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}  # Gamma-Gamma
SHORTEST, LONGEST = 14, 728  # days since the first purchase, uniform
BLOCK = 500_000
COLUMNS = ("frequency", "recency", "T", "monetary_value")


def make(folder: Path, customers: int, tick: float = 1.0, log: bool = False) -> None:
    """COLUMNS as .npy files, and log.parquet (customer_id, day, amount) if asked for; the same for the same arguments.

    tick: days that are told apart: 1 for days, 7 for weeks.
    """
    random = np.random.default_rng(19970101)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: [] for name in COLUMNS}
    writer = _Log(folder / "log.parquet") if log else None
    for start in range(0, customers, BLOCK):
        customer, ticks, amount, T = _purchases(random, min(BLOCK, customers - start), tick)
        for name, values in zip(COLUMNS, _summary(customer, ticks, amount, T, tick), strict=True):
            parts[name].append(values)
        if writer:
            writer.write(customer + start, (ticks * tick - T[customer]).astype(int), amount)
    if writer:
        writer.close()
    for name, values in parts.items():
        np.save(folder / f"{name}.npy", np.concatenate(values))


def _purchases(random, n: int, tick: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Customer, ticks since the first purchase and amount of every purchase in order, and each customer's age in days."""
    T = random.integers(SHORTEST, LONGEST + 1, n).astype(float)
    T = np.maximum(np.ceil(T / tick) * tick, 2 * tick)
    rate = random.gamma(BUYING["r"], 1 / BUYING["alpha"], n)
    last = random.geometric(np.clip(random.beta(BUYING["a"], BUYING["b"], n), 1e-9, 1))
    wanted = random.poisson(rate * T / 7)
    customer = np.repeat(np.arange(n), wanted)
    when = random.random(len(customer)) * T[customer]
    when = when[np.lexsort((when, customer))]
    number = np.arange(len(customer)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    stays = number < last[customer]
    customer, ticks = customer[stays], np.ceil(when[stays] / tick).astype(int)
    customer, ticks = np.concatenate([np.arange(n), customer]), np.concatenate([np.zeros(n, dtype=int), ticks])
    order = np.lexsort((ticks, customer))
    customer, ticks = customer[order], ticks[order]
    new = np.concatenate([[True], (customer[1:] != customer[:-1]) | (ticks[1:] != ticks[:-1])])
    customer, ticks = customer[new], ticks[new]
    level = random.gamma(SPEND["q"], 1 / SPEND["gamma"], n)
    return customer, ticks, np.round(random.gamma(SPEND["p"], 1 / level[customer]), 2) + 0.01, T


def _summary(customer, ticks, amount, T, tick: float) -> tuple[np.ndarray, ...]:
    repeat = ticks > 0
    x = np.bincount(customer[repeat], minlength=len(T)).astype(float)
    t_x = np.zeros(len(T))
    t_x[customer] = ticks * tick  # the last one of each stays
    spent = np.bincount(customer[repeat], amount[repeat], len(T))
    return x, t_x / 7, T / 7, np.divide(spent, x, out=np.zeros(len(T)), where=x > 0)


class _Log:
    """A Parquet file of purchases, written block by block."""

    def __init__(self, path: Path):
        import pyarrow as pa
        from pyarrow import parquet

        self.pa = pa
        self.schema = pa.schema({"customer_id": pa.int64(), "day": pa.date32(), "amount": pa.float64()})
        self.file = parquet.ParquetWriter(path, self.schema, compression="zstd")

    def write(self, customer: np.ndarray, days: np.ndarray, amount: np.ndarray) -> None:
        """days: before (negative) AS_OF."""
        day = (days + (AS_OF - date(1970, 1, 1)) // timedelta(days=1)).astype("int32")
        columns = [self.pa.array(customer), self.pa.array(day).cast(self.pa.date32()), self.pa.array(amount)]
        self.file.write_table(self.pa.table(columns, schema=self.schema))

    def close(self) -> None:
        self.file.close()
