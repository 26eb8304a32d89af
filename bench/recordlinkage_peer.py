"""recordlinkage's ECM classifier on the benchmark's records; run by bench_identity in an environment of its own."""

import json
import sys
import time
from pathlib import Path

import pandas as pd
import recordlinkage

COMPARED = (
    "last_name",
    "first_name",
    "last_kana",
    "first_kana",
    "phone",
    "email",
    "birth_date",
    "postal_code",
    "gender",
)


def main(place: Path) -> None:
    records = pd.read_parquet(place / "customers_src.parquet")
    truth = pd.read_parquet(place / "truth.parquet")["person_id"]
    started = time.perf_counter()
    records["phone"] = records["phone"].str.replace("+81", "0", regex=False).str.replace(r"[^0-9]", "", regex=True)
    records["email"] = records["email"].str.lower()
    records["birth_date"] = records["birth_date"].astype(str)
    indexer = recordlinkage.Index()
    for rule in (["phone"], ["email"], ["birth_date", "first_name"], ["first_name", "last_name", "postal_code"]):
        indexer.block(rule)
    pairs = indexer.index(records)
    compare = recordlinkage.Compare()
    for column in COMPARED:
        compare.string(column, column, method="jarowinkler", threshold=0.9, label=column)
    found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(compare.compute(pairs, records))
    seconds = time.perf_counter() - started
    same = truth.to_numpy()[found.get_level_values(0)] == truth.to_numpy()[found.get_level_values(1)]
    sizes = truth.value_counts()
    everything = int((sizes * (sizes - 1) // 2).sum())
    answer = {
        "records": len(records),
        "seconds": seconds,
        "precision": float(same.mean()),
        "recall": float(same.sum() / everything),
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]))
