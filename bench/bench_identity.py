"""One million customer records: standardise, link, cluster, ids, profile; beside plain Splink and recordlinkage.

Peers link the same records on lightly cleaned columns, with the settings of their own examples, trained beforehand or in
the run as they do it. recordlinkage (which needs an older pandas) gets an environment of its own, on a tenth of the
records; without a package index in reach that line is left out.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import psutil

from bench import people

RECORDS = 1_000_000
EMPTY = (
    "inquiries", "web_events", "survey_answers", "surveys", "reviews", "loyalty_points", "campaign_contacts",
    "consents", "deals", "subscriptions", "refunds", "order_lines", "products", "stores",
)  # fmt: skip
CARRIED = ("customers_std", "identity_edges", "identity_audit", "identity_model", "id_history")
PLAIN = """
    select source_system || ':' || source_customer_id as unique_id, source_system, source_customer_id,
        trim(last_name) as last_name, trim(first_name) as first_name, last_kana, first_kana,
        replace(postal_code, '-', '') as postal_code, city, address1, lower(trim(email)) as email,
        regexp_replace(replace(phone, '+81', '0'), '[^0-9]', '', 'g') as phone,
        strftime(birth_date, '%Y-%m-%d') as dob, gender
    from customers_src order by unique_id"""
PLAIN_BLOCKS = (
    ("phone",), ("email",), ("dob", "first_name"), ("dob", "last_name"), ("first_name", "last_name", "postal_code"),
    ("first_kana", "last_kana", "postal_code"),
)  # fmt: skip
STEPS = ("standardise", "link", "cluster + ids", "profile")


def main(records: int = RECORDS) -> None:
    """Our steps at a tenth and at full size, then the peers, as ratios to ours."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for size in (records // 10, records):
            place = Path(folder) / str(size)
            place.mkdir()
            people.write(place, int(size * 0.76), seed=1)
            sizes[size] = place
        ours = {size: _measured("ours", place) for size, place in sizes.items()}
        for found in ours.values():
            steps = ", ".join(f"{name} {found['steps'][name]:.1f} s" for name in STEPS)
            print(
                f"{found['records']:>9,} records: {sum(found['steps'].values()):6.1f} s, {found['gb']:.1f} GB ({steps})"
            )
        small, large = ours.values()
        times = sum(large["steps"].values()) / sum(small["steps"].values())
        print(
            f"10x the records cost {times:.1f}x the time; precision {large['precision']:.4f}, recall {large['recall']:.4f} of all true pairs"
        )
        link = sum(large["steps"][name] for name in STEPS[:3])
        peer = _measured("plain_splink", sizes[records])
        print(
            f"plain Splink, same records, train + predict + cluster: {peer['seconds'] / link:.2f} of our time,"
            f" {peer['gb']:.1f} GB, precision {peer['precision']:.4f}, recall {peer['recall']:.4f}"
        )
        _recordlinkage(sizes[records // 10], sum(small["steps"][name] for name in STEPS[:3]))


def _measured(what: str, place: Path, python: str = sys.executable) -> dict:
    """Run one of the functions below in a fresh process; its answer with the peak memory in GB."""
    command = [python, "-W", "ignore", "-c", f"from bench.bench_identity import {what}; {what}({str(place)!r})"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process, peak = psutil.Process(started.pid), 0
    while started.poll() is None:
        with contextlib.suppress(psutil.Error):
            peak = max(peak, sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]))
        time.sleep(0.2)
    lines = started.stdout.read().splitlines()
    if started.returncode:
        raise SystemExit(f"{what} failed")
    return json.loads(lines[-1]) | {"gb": peak / 1e9}


def ours(place: str) -> None:
    """Pages 02 and 03 as the notebooks do it, without their pictures; every table is written."""
    from customerbase import identity, profile
    from customerbase.engine import Engine

    db, key, as_of = Engine(memory_limit="3GB"), b"a key for the benchmark", date(2026, 10, 31)
    _tables(db, Path(place))
    steps, clock = {}, [time.perf_counter()]

    def done(name: str) -> None:
        clock.append(time.perf_counter())
        steps[name] = clock[-1] - clock[-2]

    identity.standardise(db, key)
    done("standardise")
    linked = identity.link(db, identity.shipped(), key)
    done("link")
    pairs = identity.read_pairs(db)
    made = identity.identify(
        db, pairs, identity.Thresholds(), month=date(2026, 10, 1), key=key, score_pairs=linked.weights
    )
    tables = {name: db.query(f"select * from {name}") for name in ("customers_std", "identity_links", "identity_edges")}
    _write(tables | {"id_history": made.id_history, "id_changes": made.id_changes}, Path(place))
    done("cluster + ids")
    whole = profile.profile(db, as_of=as_of)
    tables = {"profile": whole, "timeline": profile.timeline(db, as_of=as_of)}
    tables |= {"profile_consents": profile.profile_consents(db, as_of=as_of)}
    for name in ("contacts", "contact_phones", "contact_emails", "contact_addresses"):
        tables[name] = getattr(profile, name)(db)
    _write(tables, Path(place))
    profile.check_accounting(db)
    done("profile")
    db.execute(
        "create temp view found as select source_system, source_customer_id, customer_id as person from identity_links"
    )
    print(json.dumps({"steps": steps, "records": pairs.count} | _score(db, place)))


def _tables(db, place: Path) -> None:
    """The tables of page 01: customer records and orders of the benchmark, the others empty."""
    import customerbase.tables.previous as before

    for name in EMPTY + CARRIED + ("customers_src", "orders"):
        before.register(db, name, None)
    for name in EMPTY:
        db.execute(f"create view {name} as select * from previous_{name}")
    db.register("customers_src", place / "customers_src.parquet")
    db.register("_few_columns", place / "orders.parquet")
    db.execute(
        "create view orders as select * from previous_orders union all by name select *, 'completed' as status,"
        " 'store' as channel, 'JPY' as currency, 'sales.csv:1' as source_row_id from _few_columns"
    )


def _write(tables: dict, place: Path) -> None:
    for name, table in tables.items():
        table.write_parquet(str(place / f"out_{name}.parquet"), compression="zstd")


def _score(db, place: str) -> dict:
    """Pairwise precision and recall of the view found (source_system, source_customer_id, person) against the truth."""
    db.register("truth", Path(place) / "truth.parquet")
    [(precision, recall)] = db.query("""
        with x as (select row_number() over () as i, f.person, t.person_id from found as f
                   join truth as t using (source_system, source_customer_id)),
        same as (select avg(case when a.person_id = b.person_id then 1.0 else 0 end) as p,
                        count(*) filter (a.person_id = b.person_id) as hits
                 from x as a join x as b on a.person = b.person and a.i < b.i)
        select p, hits / (select count(*) from x as a join x as b on a.person_id = b.person_id and a.i < b.i) from same
    """).fetchall()
    return {"precision": precision, "recall": recall}


def plain_splink(place: str) -> None:
    """Splink with its own comparisons (names by Jaro-Winkler, date of birth, e-mail …) on trimmed, lower-cased columns."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    from customerbase.engine import Engine

    db = Engine(memory_limit="3GB")
    db.register("customers_src", Path(place) / "customers_src.parquet")
    started = time.perf_counter()
    db.execute(f"create table plain as {PLAIN}")
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("last_kana"),
            cl.JaroWinklerAtThresholds("first_kana"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.EmailComparison("email"),
            cl.DamerauLevenshteinAtThresholds("phone"),
            cl.ExactMatch("postal_code"),
            cl.LevenshteinAtThresholds("address1"),
            cl.ExactMatch("gender"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in PLAIN_BLOCKS],
        retain_matching_columns=False,
    )
    api = DuckDBAPI(db.connection)
    linker = Linker(api.register("plain"), settings, log_level=None)
    certain = [block_on("email", "dob"), block_on("phone", "dob"), block_on("dob", "first_name", "last_name")]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (("first_name", "last_name"), ("dob",), ("email",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=5e5)
    pairs = linker.inference.predict(threshold_match_probability=0.99)
    made = cluster_pairwise_predictions_at_threshold(
        api.register("plain"), pairs, api, "unique_id", threshold_match_probability=0.99
    )
    made.as_duckdbpyrelation().create_view("made")
    db.execute(
        "create table found as select p.source_system, p.source_customer_id, m.cluster_id as person"
        " from made as m inner join plain as p on m.unique_id = p.unique_id"
    )
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds} | _score(db, place)))


def _recordlinkage(place: Path, ours_seconds: float) -> None:
    """recordlinkage's ECM classifier on a tenth of the records, in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
            wanted = ["recordlinkage==0.16", "pandas<3", "pyarrow"]
            subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            print("recordlinkage: left out, it could not be installed here (no package index in reach)")
            return
        script = Path(__file__).with_name("recordlinkage_peer.py")
        done = subprocess.run([python, script, place], capture_output=True, text=True, env=os.environ)
        if done.returncode:
            print(f"recordlinkage: failed ({done.stderr.strip().splitlines()[-1]})")
            return
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"recordlinkage (ECM, {found['records']:,} records, pairs without clusters): {found['seconds'] / ours_seconds:.2f}"
            f" of our time, precision {found['precision']:.4f}, recall {found['recall']:.4f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS)
