"""The features of a snapshot as numbers for a model."""

import numpy as np
import pandas as pd

from customerbase.errors import TableError
from customerbase.features.names import features


def matrix(snapshot: pd.DataFrame, *, log: bool = False) -> pd.DataFrame:
    """The features of a snapshot as floats, one column each in the order of features.yaml; NaN: not defined.

    log: features so declared become sign(x) * ln(1 + |x|), the form for linear models; trees need none.
    Raises TableError when a feature is missing.
    """
    if missing := [name for name in features() if name not in snapshot.columns]:
        raise TableError(f"the snapshot has no column {missing[0]!r} ({len(missing)} missing); expected all features.")
    made = {}
    for name, one in features().items():
        values = pd.to_numeric(snapshot[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        made[name] = np.sign(values) * np.log1p(np.abs(values)) if log and one.log else values
    return pd.DataFrame(made, index=snapshot.index)
