"""The large tables of a run, summed up to what a report shows of them."""

import pandas as pd

from customerbase.engine import Engine


def summed_up(db: Engine) -> dict[str, pd.DataFrame]:
    """Quarantined rows by reason, order lines by type, documents by status: counts, amounts, without a customer.

    Reads quarantine, line_types and orders. Everything is up to the as-of date, all months together.
    """
    return {name: db.run(f"report_{name}").df() for name in ("quarantine", "line_types", "documents")}
