"""What the models see: the features of a snapshot and the purchases expected from its rhythm, as one matrix of floats."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.errors import TableError
from customerbase.features import features
from customerbase.prediction.rhythm import Rhythm

EXPECTED = "expected_purchases"  # within the horizon, from the model of purchases: the one column that is no feature


def names() -> tuple[str, ...]:
    """The columns of the matrix, in order."""
    return (*features(), EXPECTED)


def logarithmic() -> np.ndarray:
    """Which columns linear models take as sign(x) * ln(1 + |x|)."""
    return np.array([one.log for one in features().values()] + [True])


def values(rows: pa.RecordBatch | pa.Table, rhythm: Rhythm, horizon_days: int) -> np.ndarray:
    """The matrix of a record batch of snapshot rows, shape (rows, columns); NaN: not defined.

    Raises TableError when a feature is missing.
    """
    known = set(rows.schema.names)
    if missing := [name for name in features() if name not in known]:
        raise TableError(f"the snapshot has no column {missing[0]!r} ({len(missing)} missing); expected all features.")
    made = np.empty((rows.num_rows, len(names())), order="F")  # read by column, everywhere
    for place, name in enumerate(features()):
        made[:, place] = column(rows, name)
    if rows.num_rows:
        tenure = column(rows, "days_since_first_purchase")
        recency = tenure - column(rows, "days_since_last_purchase")
        made[:, -1] = rhythm.expected(column(rows, "purchase_days") - 1, recency, tenure, horizon_days)
    return made


def column(rows: pa.RecordBatch | pa.Table, name: str) -> np.ndarray:
    """One column as floats, NaN where it is null."""
    found = rows.column(name)
    if pa.types.is_boolean(found.type):
        found = pc.cast(found, pa.uint8())
    return pc.cast(found, pa.float64()).to_numpy(zero_copy_only=False)
