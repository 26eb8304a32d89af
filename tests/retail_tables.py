"""Online Retail II as the tables that snapshots read, and its monthly snapshots with labels; built once a test run."""

from datetime import date
from functools import cache

from conftest import real_data

from customerbase import features
from customerbase.engine import Engine

AS_OF = date(2011, 11, 30)  # the newest cutoff is the first of December 2011; the data end on the ninth
SNAPSHOTS = 19  # from June 2010


def retail() -> Engine:
    """Orders, lines, products and one account a customer; sales that both sheets of the workbook hold count once."""
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(f"""create table sales as
        with told as (select *, sheet <> min(sheet) over () or InvoiceDate < '2010-12-01' as is_once from '{path}')
        select * from told where is_once and Invoice not like 'A%' and CustomerID is not null""")
    db.execute("""create table orders as
        select 'r' as source_system, Invoice as order_id, cast(any_value(CustomerID) as varchar) as source_customer_id,
            'web' as channel, cast(null as varchar) as store_id, min(InvoiceDate) as order_at,
            case when Invoice like 'C%' then 'credit_note' else 'completed' end as status,
            cast(sum(Quantity * Price) as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,
            cast(0 as decimal(18, 2)) as points_used, cast(null as timestamp) as cancelled_at
        from sales group by Invoice""")
    db.execute("""create table order_lines as
        select 'r' as source_system, Invoice as order_id, 'goods' as line_type, upper(StockCode) as product_id,
            cast(Quantity as decimal(18, 3)) as qty, cast(Quantity * Price as decimal(18, 2)) as amount from sales""")
    db.execute("""create table products as select distinct 'r' as source_system, upper(StockCode) as product_id,
        regexp_extract(upper(StockCode), '^([0-9]{2})', 1) as category from sales""")
    db.execute("""create table identity_links as select distinct source_customer_id as customer_id, source_system,
        source_customer_id from orders""")
    return db


@cache
def _built() -> tuple:
    made = features.monthly_snapshots(retail(), as_of=AS_OF, count=SNAPSHOTS, horizons=(30, 90))
    return made.snapshots.to_arrow_table(), made.labels.to_arrow_table()


def snapshots() -> Engine:
    """A new Engine with the tables snapshots and snapshot_labels; skips where the data are absent."""
    real_data("online-retail-ii")
    db = Engine()
    for name, table in zip(("snapshots", "snapshot_labels"), _built(), strict=True):
        db.register(name, table)
    return db
