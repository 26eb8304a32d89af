"""Every SQL file as it is run in small scenarios on DuckDB: the tables it read, the values bound, and what came out."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import audience_world
import budget_world
import campaign_world
import customer_tables
import desk_tables
import duckdb
import evidence_world
import identity_base
import identity_months
import kpi_tables
import late_tables
import loyalty_world
import numpy as np
import offer_tables
import pandas as pd
import profile_tables
import pyarrow as pa
import related_tables
import rule_tables
import satisfaction_world
import snapshot_tables
import sqlglot
import trigger_tables
import uplift_world
import voice_texts
from sqlglot import exp

import customerbase.cltv.season as season
import customerbase.cltv.transactions as transactions
import customerbase.identity.history as history
from customerbase import (
    campaigns,
    churn,
    cltv,
    features,
    identity,
    kpi,
    profile,
    propensity,
    recommend,
    report,
    rfm,
    satisfaction,
    segments,
)  # fmt: skip
from customerbase.audiences import budget, consent, evaluating, loyalty, reading, triggers
from customerbase.campaigns import uplift, worth
from customerbase.engine import SQL_FOLDER, Engine, identifier, sql_text
from customerbase.periods import month_end
from customerbase.prediction.rhythm import rhythms
from customerbase.prediction.windows import completed
from customerbase.recommend import Purchases
from customerbase.report.summed_up import WHERE_THERE
from customerbase.satisfaction import inquiries, voice
from customerbase.segments import good, mix
from customerbase.segments.clusters.cards import mix as mix_of_groups
from customerbase.widgets.customer import book
from customerbase.widgets.recommendations import book as offer_book

NAMES = sorted(path.stem for path in SQL_FOLDER.glob("*.sql"))
AS_OF = date(2026, 10, 31)


@dataclass(frozen=True)
class Case:
    """One run of a file: its input tables, its parameters, its result."""

    inputs: dict[str, pa.Table]
    params: dict[str, object]
    result: pa.Table


class Recorder(Engine):
    """An Engine that notes of every SQL file the run with the largest result."""

    cases: dict[str, Case] = {}  # noqa: RUF012  one for all engines of a recording

    def query(self, text: str, **params: object):
        self._note(text, params)
        return super().query(text, **params)

    def execute(self, text: str, **params: object) -> None:
        self._note(text, params)
        super().execute(text, **params)

    def _note(self, text: str, params: dict) -> None:
        name = next((name for name, whole in FILES.items() if whole in text), None)
        if name is None:
            return
        result = super().query(sql_text(name), **params).to_arrow_table()
        if name not in self.cases or result.num_rows > self.cases[name].result.num_rows:
            inputs = {
                table: super(Recorder, self).query(f"select * from {identifier(table)}") for table in read_by(name)
            }
            tables = {table: relation.to_arrow_table() for table, relation in inputs.items()}
            self.cases[name] = Case(tables, params, result)


FILES = {name: sql_text(name).strip() for name in NAMES}


def read_by(name: str) -> set[str]:
    """The tables a file reads."""
    tree = sqlglot.parse_one(sql_text(name), read="duckdb")
    return {table.name for table in tree.find_all(exp.Table)} - {cte.alias for cte in tree.ctes}


def record(folder: Path, monkeypatch) -> dict[str, Case]:
    """One case of every file that the scenarios below run."""
    monkeypatch.setattr(Recorder, "cases", {})
    for module in (
        *(identity_base, profile_tables, desk_tables, audience_world, budget_world, loyalty_world),
        *(campaign_world, evidence_world),
    ):
        monkeypatch.setattr(module, "Engine", Recorder)
    monkeypatch.setattr(identity_months, "DB", Recorder(threads=1))
    _profiles()
    _company(folder)
    _ids()
    _snapshots()
    _churn()
    _clock()
    _good()
    _satisfaction(monkeypatch)
    _desk()
    _uplift()
    _voice(monkeypatch)
    _customer(folder / "customer", monkeypatch)
    _late(monkeypatch)
    _related(monkeypatch)
    _audiences()
    _triggers()
    _offers_and_ranks()
    _campaigns()
    kpi.pdca_campaigns(
        evidence_world.shop(contacted=("p1", "p2", "p4")), [evidence_world.ACTION], as_of=evidence_world.SEPTEMBER
    )
    return Recorder.cases


def _offers_and_ranks() -> None:
    """Offers of a few customers with deals, and ranks of members with a ledger."""
    content = {"channels": {"email": {"people": {"sato": {"contacts": 3}}}}}
    content |= {"offers": {"mail": budget_world.offer(eligible="cltv.cltv > percentile(20)")}}
    budget.plan(budget_world.world(12), budget.read_budget(content, budget_world.COLUMNS), as_of=AS_OF)
    orders = loyalty_world.shop(8)
    ranks = {
        "low": {"title": {"en": "L", "ja": "L"}},
        "high": {"title": {"en": "H", "ja": "H"}, "label": "H", "from": 700},
    }
    db = loyalty_world.world(orders, loyalty_world.ledger_of(orders, 700))
    loyalty.simulate(db, loyalty.read_programme({"ranks": ranks}), as_of=AS_OF)


def _audiences() -> None:
    """Consents and stops of four accounts of three people, under every ground for lists of ads."""
    db = audience_world.scene()
    for mode in consent.MODES:
        consent.contactable(db, consent.Matching(mode, "the policy of April", date(2026, 4, 1)), as_of=AS_OF)
    people = rule_tables.people(60)["profile"].assign(segment="champions", net_spend=1000.0)
    states = {who: {"email": "granted", "post": "withdrawn"} for who in people["customer_id"]}
    one = audience_world.spec(channels=["email", "post", "line"], holdout=0.3, cap={"most": 9, "by": "orders"})
    given = {"first": one, "second": audience_world.spec(exclude=["orders > 7"])}
    settings = {"global_control": 0.2, "audiences_per_person": {"email": 1}}
    read = reading.read_audiences(given, audience_world.known(), settings)
    evaluating.make(audience_world.shop(people, states), read, as_of=AS_OF)


def _profiles() -> None:
    """Two customers with every kind of behaviour, and the tables that go by accounts and contacts."""
    db = profile_tables.shop()
    profile_tables.everything(db)
    for step in (profile.check_accounting, profile.merging, profile.merged):
        step(db)
    profile.example(db, 1)


def _company(folder: Path) -> None:
    """Invented people over two months of linking, then their orders from profile to segments and KPI."""
    db = identity_base.invented(folder, 250, 7)
    db.execute(
        "create or replace temp table customers_now as select * replace (case when right(source_customer_id, 1) = '3'"
        " then null else phone end as phone) from customers_src where right(source_customer_id, 1) <> '7'"
    )
    first = folder / "first"
    first.mkdir()
    identity_base.keep(identity_base.resolve(db, month=date(2026, 9, 1)), first)
    db.execute("create or replace view customers_src as select * from customers_now")
    base = identity_base.resolve(db, carried=first)
    whole = identity_base.hand_written(
        [{"last_name": "山田 太郎"}, {"first_name": "佐藤,花子", "last_kana": "ﾔﾏﾀﾞ ﾀﾛｳ"}]
    )
    identity.standardise(whole, identity_base.KEY)
    made = {"id_changes": base.people.id_changes}
    identity.stability(base.db, base.people.id_changes, month=date(2026, 10, 1))
    for name, relation in made.items():
        db.register(name, relation.to_arrow_table())
    _analyse(_shop(db))


def _shop(db: Engine) -> Engine:
    """The company's tables beside customer records: documents of many kinds, with lines, refunds and blanks."""
    shop = profile_tables.engine()
    for name in ("customers_src", "customers_std", "identity_links", "identity_review", "id_changes"):
        shop.execute(f"drop table if exists {name}")
        shop.register(name, db.query(f"select * from {name}").to_arrow_table())
    shop.register("given", db.query("select * from orders").to_arrow_table())
    number = "cast(substr(md5(order_id), 1, 1) < '{}' as integer)"
    shop.execute(
        "insert into orders by name select source_system, order_id, total, source_system || ':' || order_id as source_row_id,"
        f" case when {number.format('2')} = 1 then null else source_customer_id end as source_customer_id,"
        f" case when {number.format('8')} = 1 then 'web' when {number.format('c')} = 1 then 'store' end as channel,"
        " case substr(md5(order_id), 2, 1) when '0' then 'cancelled' when '1' then 'credit_note' else 'completed' end as status,"
        " order_at, case when substr(md5(order_id), 3, 1) < '8' then 'S' || substr(md5(order_id), 3, 1) end as store_id"
        " from given"
    )
    shop.execute(
        "insert into refunds by name select source_system, order_id as refund_id, order_id, total / 3 as amount,"
        " order_at + interval 9 day as refunded_at, 'r' as source_row_id from orders where substr(md5(order_id), 4, 1) = '0'"
    )
    shop.execute(
        "insert into order_lines by name select source_system, order_id, line_no, 'P' || substr(md5(order_id), line_no, 1)"
        " as product_id, case line_no when 3 then 'shipping' else 'goods' end as line_type, line_no * 1.5 as qty,"
        " total / line_no as amount, 'l' as source_row_id from orders, (values (1), (2), (3)) as lines(line_no)"
    )
    shop.execute(
        "insert into products by name select distinct source_system, product_id, case when product_id < 'P8'"
        " then 'Food > ' || product_id when product_id < 'Pc' then '日用品' end as category, 'p' as source_row_id from order_lines"
    )
    shop.execute(
        "insert into loyalty_points by name select source_system, order_id as txn_id, source_customer_id, order_at as txn_at,"
        " 7 as delta, 'earn' as kind, case when total > 9000 then 'gold' end as rank_after, 'q' as source_row_id from orders"
    )
    states = "case when substr(md5(source_customer_id), 1, 1) < '4' then 'withdrawn' else 'granted' end"
    shop.execute(
        "insert into consents by name select source_system, source_customer_id, channel, 'marketing' as purpose,"
        f" registered_at as changed_at, {states} as state, source_row_id from customers_src,"
        " (values ('mail'), ('all')) as channels(channel) where registered_at is not null"
    )
    return shop


def _analyse(db: Engine) -> None:
    """From documents to profile, segments, KPI and the report's sums."""
    profile.profile(db, as_of=AS_OF)
    for step in (profile.contacts, profile.contact_phones, profile.contact_emails, profile.contact_addresses):
        step(db)
    for step in (profile.channel_overlap, profile.check_accounting, profile.merging, profile.merged):
        step(db)
    profile.profile_consents(db, as_of=AS_OF)
    db.register("timeline", profile.timeline(db, as_of=AS_OF).to_arrow_table())
    profile.example(db, 2)
    features.customer_months(db, as_of=AS_OF)
    features.customer_features(db, as_of=AS_OF)
    features.customer_attributes(db)
    now = segments.assign(rfm.rfm(db, as_of=AS_OF, window_months=12, ties="middle"))
    before = segments.assign(rfm.rfm(db, as_of=month_end(date(2025, 12, 1)), window_months=12))
    segments.summary(db, now, before, as_of=AS_OF)
    segments.migration(db, before, now, as_of=AS_OF)
    segments.attributes(db, now, as_of=AS_OF)
    members = now.project("customer_id, cast(r as integer) as group_id, segment").df()
    db.register("rfm", now)
    mix_of_groups(db, members, AS_OF)
    _kpis(db, now)
    db.execute(
        "create or replace temp table stores as select distinct source_system, store_id, 'Store ' || store_id as name"
        " from orders where store_id is not null"
    )
    kpi.revenue_tree(db, as_of=AS_OF)
    kpi.revenue_movers(db, as_of=AS_OF, members={date(2026, 10, 1): now, date(2025, 10, 1): before}, k_min=5)
    kpi.kpi_season(db, as_of=AS_OF)
    identity_orders(db)
    _value(db, now)
    _movement(db, now)
    propensity.order_slots(db)
    db.execute(
        "create or replace temp table deals as select source_system, order_id as deal_id, source_customer_id,"
        " 'E' || substr(md5(order_id), 6, 1) as owner_id, case substr(md5(order_id), 7, 1) when '0' then 'won'"
        " when '1' then 'proposal' when '2' then 'negotiation' else 'lead' end as stage, case when status = 'completed'"
        " then total end as amount, order_at as opened_at, cast(order_at as date) as expected_close, 'd' as source_row_id"
        " from orders"
    )
    propensity.open_deals(db, as_of=AS_OF)
    db.execute(
        "create table line_types as select date_trunc('month', order_at) as month, line_type, count(*) as lines,"
        " cast(sum(amount) as decimal(18, 2)) as amount, count(*) filter (source_customer_id is null) as anonymous_lines"
        " from order_lines inner join orders using (source_system, order_id) group by all"
    )
    db.execute(
        "create table quarantine as select 'no_date' as reason, 'reject' as severity, source_system, 'f.csv' as file,"
        " 'orders' as table_name, 'order_at' as column_name,"
        " row_number() over (order by order_id) as line from orders where status = 'cancelled'"
    )
    db.execute(
        "create table churn as select customer_id, cast(90 as integer) as horizon_days,"
        " case when substr(md5(customer_id), 3, 1) < '8' then 'medium' else 'high' end as risk_band,"
        " cast(position(substr(md5(customer_id), 1, 1) in '0123456789abcdef') as double) / 17 as probability,"
        " cast(100.5 as double) * position(substr(md5(customer_id), 2, 1) in '0123456789abcdef') as cltv"
        " from (select distinct customer_id from identity_links)"
    )
    report.summed_up(db)


def _kpis(db: Engine, now: duckdb.DuckDBPyRelation) -> None:
    """KPIs with answers, e-mails and the state of the data, overall and by part."""
    kpi_tables.sales_months(db)
    db.execute(
        "create or replace temp table survey_answers as select source_system, order_id as response_id, source_customer_id,"
        " 'S' as survey_id, 'q' || line_no as question_id, cast(null as varchar) as product_id, cast(null as timestamp) as asked_at, order_at as answered_at,"
        " case line_no when 1 then 'nps' else 'five' end as scale,"
        " cast(1 + ascii(substr(md5(order_id), line_no, 1)) % 5 as decimal(18, 4)) as answer_num,"
        " cast(line_no as decimal(18, 6)) as weight from orders, (values (1), (2)) as lines(line_no)"
    )
    db.execute(
        "create or replace temp table campaigns as select 's' as source_system, 'm' as campaign_id, 'Autumn' as name, 'email' as channel"
    )
    db.execute(
        "create or replace temp table campaign_contacts as select 's' as source_system, 'm' as campaign_id, source_customer_id,"
        " 'treat' as arm, order_at as delivered_at, order_at + interval 1 day as opened_at,"
        " case when order_id < '5' then order_at + interval 2 day end as clicked_at from orders"
        " where source_customer_id is not null"
    )
    db.execute("create or replace temp table source_files as select 10 as rows_read, 9 as rows_accepted")
    db.execute("create or replace temp table quality_scores as select 'validity' as dimension, 0.9 as score, 10 as n")
    kpi.kpi_table(db, as_of=AS_OF)
    kpi.kpi_by(db, as_of=AS_OF, segments=now)
    kpi.cohorts(db, as_of=AS_OF)


def _value(db: Engine, members: duckdb.DuckDBPyRelation) -> None:
    """Lifetime value, and the hold-out that a longer log would have."""
    features.customer_orders(db, as_of=AS_OF)
    cltv.purchases(db)
    transactions.histories(db, cut=month_end(date(2026, 6, 1)), as_of=AS_OF)
    season.Starts.read(db, AS_OF)
    value = cltv.value(db, as_of=AS_OF, segments=members).customers
    db.execute("drop table if exists cltv")  # the empty one that the KPIs made
    db.register("cltv", value)
    db.execute(
        "create or replace temp table subscriptions as select source_system, order_id as subscription_id,"
        " source_customer_id, 'a' as plan, cast(980 as decimal(18, 2)) as price, 'JPY' as currency, 1 as period_months,"
        " cast(order_at as date) as started_at, case substr(md5(order_id), 5, 1) when '0' then null"
        " else cast(order_at as date) + cast(40 as integer) end as ended_at, 's' as source_row_id from orders"
        " where source_customer_id is not null"
    )
    cltv.value(db, as_of=AS_OF, options=cltv.Options(relationship="contractual"))


def _movement(db: Engine, members: duckdb.DuckDBPyRelation) -> None:
    """What frozen ranks do, and movement since a month that published other ranks for some and one id that is no more."""
    rule = rfm.rule(db, as_of=AS_OF, method="quintiles", window_months=12)
    rfm.effect(db, rule, as_of=AS_OF, assign=segments.assign, months=2)
    db.register("rfm", members)
    db.register("rfm_then", segments.assign(rule.ranks(db, month_end(date(2026, 7, 1)))))
    number = "cast(substr(md5(customer_id), 1, 1) < '4' as integer)"
    db.execute(
        "create table previous_rfm as select customer_id, as_of, r, f,"
        f" case when {number} = 1 then 1 else m end as m, segment from rfm_then"
    )
    db.execute("create table previous_cltv as select customer_id, cltv * 0.9 as cltv from cltv")
    db.execute(
        "create table previous_rfm_history as select customer_id, date '2026-06-30' as month, r, f, m, segment,"
        " cast(1000 as double) as cltv from previous_rfm"
    )
    db.execute("drop table if exists id_aliases")
    db.execute(
        "create table id_aliases as select customer_id as alias_id, lead(customer_id) over (order by customer_id)"
        f" as customer_id from previous_rfm where {number} = 1"
    )
    segments.movement.movement(db, rule, as_of=AS_OF, spans=(3,))


def identity_orders(db: Engine) -> None:
    db.execute(
        "create or replace temp table linkage as select row_number() over (order by source_system, source_customer_id) - 1"
        " as idx, * from customers_std"
    )
    for name in ("identity_orders_by_record", "identity_order_days"):
        db.query(sql_text(name))


def _ids() -> None:
    """Months of people who are joined, parted and joined anew, with records that come and go."""
    for names, groups, seed in ((8, 3, 1), (12, 4, 1), (36, 14, 0)):
        rng, sequence = np.random.default_rng(seed), []
        for _ in range(6):
            present = (name for name in range(names) if rng.random() > 0.1)
            sequence.append({f"{name:02}": int(rng.integers(0, groups)) for name in present})
        made = identity_months.run(sequence)[-1]
    db = identity_months.DB
    db.register("known_history", made["id_history"])
    history.hold(db, "alias_history", "known_history")
    for customer_id in sorted(set(made["ids"]["customer_id"].to_pylist()))[:3]:
        history.members(db, customer_id)


def _snapshots() -> None:
    """Two months of snapshots and labels of an invented company, the second on what the first has stored."""
    db, cutoff = snapshot_tables.company(), date(2026, 7, 1)
    features.monthly_snapshots(db, as_of=date(2026, 6, 30), count=2, horizons=(30,))
    for table in ("snapshots", "snapshot_labels"):
        db.register(f"previous_{table}", db.query(f"select * from {table}").to_arrow_table())
    db.register("previous_identity_links", db.query("select * from identity_links").to_arrow_table())
    db.execute("update identity_links set customer_id = 'K001' where customer_id in ('K002', 'K003')")
    features.monthly_snapshots(db, as_of=date(2026, 7, 31), count=2, horizons=(30,))
    _months()
    features.category_features(db, cutoff=cutoff)
    features.category_labels(db, cutoff=cutoff, horizon_days=60)
    completed(db, rhythms(db, date(2026, 8, 1)), horizon_days=30, until=date(2026, 8, 1), most=20)
    propensity.categories(db, as_of=date(2026, 7, 31))


def _months() -> None:
    """Two additive months of the invented company, with a late order and a corrected line in the second."""
    db, then = snapshot_tables.company(), snapshot_tables.company()
    then.execute("delete from orders where order_id like '%11'")
    features.additive_months(then, as_of=date(2026, 6, 30))
    for table in ("account_months", "product_months", "month_fingerprints"):
        db.register(f"previous_{table}", then.query(f"select * from {table}").to_arrow_table())
    db.execute("update order_lines set amount = amount + 1, cost = 2 where order_id like '%22'")
    features.additive_months(db, as_of=date(2026, 7, 31))
    features.customer_sales(db, as_of=date(2026, 7, 31))


def _churn() -> None:
    """Silences between the orders of an invented company, and contracts that began with some of them."""
    db = snapshot_tables.company()
    days = "cast(order_at as date)"
    db.execute(
        "create table subscriptions as select source_system, order_id as subscription_id, source_customer_id,"
        " case when total < 3000 then 'small' when total < 6000 then null else 'large' end as plan,"
        " cast(980 as decimal(18, 2)) as price, 'JPY' as currency, 1 as period_months,"
        f" {days} as started_at, case substr(md5(order_id), 1, 1) when '0' then null when '1' then {days}"
        f" else {days} + cast(100 as integer) end as ended_at from orders where source_customer_id is not null"
    )
    churn.definition(db, as_of=AS_OF)
    churn.contractual(db, as_of=AS_OF)


def _clock() -> None:
    """The repurchase clock of the invented company, of things with at least twenty repeats."""
    db = snapshot_tables.company(customers=200)
    for level, gap in (("product", "second"), ("category", "any")):
        options = propensity.ClockOptions(level=level, gap=gap, fewest=20)
        propensity.clock(db, as_of=date(2026, 6, 30), options=options)


def _related(monkeypatch) -> None:
    """Products that go together and follow each other, of a shop with categories and half of its baskets without a date."""
    monkeypatch.setattr(related_tables, "Engine", Recorder)
    rng = np.random.default_rng(4)
    chances = related_tables.popularity(22, 0.4)
    baskets = related_tables.visits(rng, 150, chances)
    baskets += [(f"n{number // 4}", None, held) for number, (_, _, held) in enumerate(baskets)]
    products = [(related_tables.named(p), f"品 {p}", f"C{p % 3} > D", 100 + p) for p in range(20)]
    related_tables.relate(rng, baskets)
    options = recommend.related.Options(fewest=3, false_discovery=0.9)
    recommend.related.related(related_tables.shop(baskets, products), as_of=related_tables.AS_OF, options=options)


def _good() -> None:
    """The mix and the study of good customers of the invented company, with an attribute or two of each customer."""
    db = snapshot_tables.company(customers=120)
    snapshot_tables.attributes(db)
    features.customer_orders(db, as_of=AS_OF)
    Purchases.read(db)
    for name in ("offer_products", "offer_people"):
        db.run(name)
    mix.mix(db, as_of=AS_OF, k_min=3)
    good.good(db, as_of=AS_OF, early_days=60, after_days=300, k_min=3)


def _satisfaction(monkeypatch) -> None:
    """Two waves of a survey of the invented customers, some of whom answer, are asked again and buy again."""
    monkeypatch.setattr(satisfaction_world, "Engine", Recorder)
    satisfaction.satisfaction(satisfaction_world.company(90), as_of=AS_OF, k_min=3)
    satisfaction.satisfaction(satisfaction_world.shop(90), as_of=AS_OF, k_min=3)


def _voice(monkeypatch) -> None:
    """What invented customers wrote."""
    monkeypatch.setattr(voice_texts, "Engine", Recorder)
    voice.voice(voice_texts.company(voice_texts.frame(months=2, people=20)), as_of=date(2026, 10, 31))


def _desk() -> None:
    """A support desk of two years whose customers buy and ask."""
    inquiries.inquiries(desk_tables.months(1, size=8), as_of=AS_OF, least=2, days=300)


def _triggers() -> None:
    """Every kind of trigger on customers who meet its condition."""
    some = trigger_tables.read(**trigger_tables.EVERY_KIND)
    db = trigger_tables.shop_of_everything(Recorder)
    triggers.evaluate(db, some, span=triggers.Span.day(trigger_tables.AS_OF))


def _uplift() -> None:
    """Two campaigns of an invented shop with their people, and what they cost in all."""
    db = uplift_world.shop(60)
    uplift.study(db, as_of=AS_OF)
    worth.spent(db, as_of=AS_OF)


def _customer(folder: Path, monkeypatch) -> None:
    """Everything that the page Customer 360 asks about a customer."""
    monkeypatch.setattr(book, "Engine", Recorder)
    folder.mkdir()
    for name, rows in customer_tables.TABLES.items():
        customer_tables.write(name, rows, folder / f"{name}.parquet")
    known = book.Book({path.stem: path for path in folder.iterdir()}, customer_tables.AS_OF)
    known.find(customer_tables.MERGED)
    known.alike()
    for ask in (known.head, known.segments, known.rules, known.reasons, known.likely, known.consents, known.links,
                known.former, known.months, known.events):  # fmt: skip
        ask(customer_tables.MERGED)
    for by in book.LISTS:
        known.people(by)
    for name in ("recommendations", "products_sold", "last_products", "product_pairs", "next_products"):
        customer_tables.write(name, offer_tables.TABLES[name], folder / f"{name}.parquet")
    offers = offer_book.Book({path.stem: path for path in folder.iterdir()}, customer_tables.AS_OF)
    for ask in (offers.offered, offers.bought_last, offers.goes_with):
        ask(customer_tables.MERGED)
    for name in WHERE_THERE:
        offers.db.run(f"report_{name}")


def _late(monkeypatch) -> None:
    """Two months of orders and refunds, some of which came, went, changed or moved."""
    monkeypatch.setattr(late_tables, "Engine", Recorder)
    refunds = [late_tables.refund(n, n, late_tables.THEN, 100.0 + n) for n in range(5)]
    db = late_tables.tables(orders=late_tables.orders(200), refunds=refunds)
    db.connection.execute("delete from orders where order_id like '%3'")
    db.connection.execute("delete from previous_orders where order_id like '%4'")
    db.connection.execute("update orders set total = total + 5 where order_id like '%6'")
    db.connection.execute("update orders set order_at = order_at - interval 31 day where order_id like '%8'")
    late_tables.late(db)


def plain(table: pa.Table) -> list[tuple]:
    """A result as rows of plain Python values."""
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _plain(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _campaigns() -> None:
    """A campaign with a hold-out, one without, accounts of nobody, visits, and a global control group."""
    tables = campaign_world.drawn(300, seed=1, twice=0.2)
    tables["identity_links"] = tables["identity_links"].iloc[:-5]
    treated = tables["campaign_contacts"]["source_customer_id"].iloc[::2]
    later = [campaign_world.contact(one, "treat", "K2") for one in treated]
    tables["campaign_contacts"] = pd.concat([tables["campaign_contacts"], pd.DataFrame(later)])
    tables["campaigns"] = pd.concat(
        [tables["campaigns"], pd.DataFrame([campaign_world.campaign("K2", holdout_share=None)])]
    )
    seen = [
        {"source_system": "web", "source_customer_id": one, "event_at": campaign_world.SENT, "session_id": "s"}
        for one in treated
    ]
    db = campaign_world.engine(**tables, web_events=pd.DataFrame(seen))
    campaigns.campaigns(db, as_of=AS_OF, settings={"global_control": 0.2, "global_control_since": "2026-01"}, trials=10)
