"""Customer-base analytics: one module per question, tables in, tables out (see docs/ and notebooks/)."""

import os

# Threads of OpenMP spin while they wait for one another. Beside any busy process scikit-learn's boosting then takes
# up to twenty times as long (scikit-learn #30662; `python -m bench boosting` measures it). Its runtime reads the
# variable once, when the first module that needs it is loaded: so here, before any of ours can. What was set stays.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
