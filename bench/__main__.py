"""All benchmarks, one after the other: python -m bench [name …]. Each prints a table with ratios against a peer."""

import importlib
import pkgutil
import sys
from pathlib import Path

names = [
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name.startswith("bench_")
]
chosen = [name for name in names if not sys.argv[1:] or name.removeprefix("bench_") in sys.argv[1:]]
sys.argv = sys.argv[:1]
for name in chosen:
    print(f"\n== {name.removeprefix('bench_')}", flush=True)
    importlib.import_module(f"bench.{name}").main()
