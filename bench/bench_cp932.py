"""cp932 CSV to Parquet against `pandas.read_csv(encoding="cp932")` alone, on the same million rows of nine columns.

Each measurement is a fresh process; the two take turns, so that a busy machine is busy for both.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS, ROUNDS = 1_000_000, 3
HEADING = "会員ID,受注番号,受注日,お名前,住所,商品名,数量,単価,備考"

_MEASURED = """
import json, re, sys, time
from pathlib import Path
{prepare}
def peak():
    status = Path("/proc/self/status")
    return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024 if status.exists() else float("nan")
path, before, wall, cpu = Path(sys.argv[1]), peak(), time.perf_counter(), time.process_time()
rows = {work}
print(json.dumps({{"wall s": time.perf_counter() - wall, "CPU s": time.process_time() - cpu, "MB": peak(),
                   "MB above start": peak() - before, "rows": rows}}))
"""
CONTENDERS = {
    "pandas.read_csv": ("import pandas, pyarrow", 'len(pandas.read_csv(path, encoding="cp932"))'),
    "pandas + to_parquet": (
        "import pandas, pyarrow.parquet",
        'len((f := pandas.read_csv(path, encoding="cp932", dtype=str), f.to_parquet(path.with_suffix(".pd")))[0])',
    ),
    "read_bronze": (
        "from customerbase.sources.readers import read_bronze",
        'read_bronze(path, path.with_suffix(".parquet"), format="csv", encoding="cp932", file="bench").rows',
    ),
}


def generate(path: Path, rows: int = ROWS, seed: int = 7) -> None:
    """Order lines of a shop as tills write them: cp932, \\r\\n, vendor characters, about 110 bytes a row."""
    draw = random.Random(seed)
    names = [
        f"{family}　{given}"
        for family in ["髙橋", "山﨑", "佐藤", "鈴木", "渡邊", "小林"]
        for given in ["太郎", "花子", "さくら", "健"]
    ]
    towns = ["東京都千代田区丸の内", "大阪府大阪市北区梅田", "愛知県名古屋市中区栄", "北海道札幌市中央区"]
    items = ["①お試しセット", "㈱限定 緑茶～静岡～", "ｶﾌｪｵﾚ 500ml", "国産りんごジュース", "季節の和菓子詰合せ"]
    notes = ["", "ギフト包装", "置き配希望 玄関前"]
    with path.open("w", encoding="cp932", newline="") as stream:
        stream.write(HEADING + "\r\n")
        for number in range(rows):
            day = f"2026/{draw.randrange(1, 13):02}/{draw.randrange(1, 29):02} {draw.randrange(24):02}:{draw.randrange(60):02}"
            home = f"{draw.choice(towns)}{draw.randrange(1, 9)}-{draw.randrange(1, 30)}-{draw.randrange(1, 30)}"
            stream.write(
                f"{draw.randrange(200_000):08},O{number:09},{day},{draw.choice(names)},{home},{draw.choice(items)},"
                f"{draw.randrange(1, 9)},{draw.randrange(100, 9999)},{draw.choice(notes)}\r\n"
            )


def measure(contender: str, path: Path) -> dict[str, float]:
    """Wall and CPU seconds, peak memory and rows of one contender in a fresh process, imports not counted."""
    prepare, work = CONTENDERS[contender]
    code = _MEASURED.format(prepare=prepare, work=work)
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def main(rows: int = ROWS, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Generate, measure in turns, print the medians and the ratios to pandas; the medians are returned."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        generate(path, rows)
        print(f"cp932 CSV, {rows:,} rows x 9 columns, {path.stat().st_size / 1e6:.0f} MB; medians of {rounds} rounds")
        taken = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name, results in taken.items():
                results.append(measure(name, path))
    medians = {
        name: {key: statistics.median(result[key] for result in results) for key in results[0]}
        for name, results in taken.items()
    }
    _print(medians)
    return medians


def _print(medians: dict[str, dict[str, float]]) -> None:
    base = medians["pandas.read_csv"]
    keys = [key for key in base if key != "rows"]
    print(f"{'':18}" + "".join(f"{key:>18}" for key in keys))
    for name, result in medians.items():
        print(f"{name:18}" + "".join(f"{result[key]:>10.2f} ({result[key] / base[key]:.2f}x)" for key in keys))


if __name__ == "__main__":
    main()
