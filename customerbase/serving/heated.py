"""What the kernels of dashboards share: imported once, before they are forked. DuckDB is not: its import starts a thread."""

import ipywidgets  # noqa: F401

from customerbase import i18n
from customerbase.dashboards import show  # noqa: F401

i18n.words()
