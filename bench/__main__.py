"""All benchmarks, one after the other: python -m bench [name …]. Each prints a table with ratios against a peer.

An unknown name is refused. One that fails is named at the end, and the exit status is 1; the others still run.
"""

import importlib
import pkgutil
import sys
import traceback
from pathlib import Path

from customerbase.errors import near_miss


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; the exit status: 0 all ran, 1 some failed, 2 a name is unknown."""
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    known = [name.removeprefix("bench_") for name in found if name.startswith("bench_")]
    for name in wanted:
        if name not in known:
            print(
                f"no benchmark {name!r}; expected one of {', '.join(known)}.{near_miss(name, known)}", file=sys.stderr
            )
            return 2
    sys.argv = sys.argv[:1]
    chosen = [name for name in known if not wanted or name in wanted]
    failed = [name for name in chosen if not _ran(name)]
    if failed:
        print(f"\n{len(failed)} of {len(chosen)} benchmarks failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _ran(name: str) -> bool:
    print(f"\n== {name}", flush=True)
    try:
        importlib.import_module(f"bench.bench_{name}").main()
    except Exception:
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
