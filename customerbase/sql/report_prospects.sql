-- One row per cell of customers alike in value at risk and, among those, in the chance of leaving: what profit asks of them.
with

customers as (
    select
        customer_id,
        cast(probability as double) as p,
        cast(cltv as double) as v
    from churn
    where cltv is not null
),

slices as (
    select
        *,
        ntile(24) over (order by p * v, customer_id) as slice
    from customers
),

cells as (
    select
        *,
        ntile(8) over (partition by slice order by p, customer_id) as cell
    from slices
),

final as (
    -- sums of products of p and v: profit and its variance are polynomials in these for any cost and acceptance
    select
        slice,
        cell,
        count(*) as n,
        cast(sum(cast(p as decimal(18, 12))) as decimal(38, 12)) as p,
        cast(sum(cast(p * p as decimal(18, 12))) as decimal(38, 12)) as p2,
        cast(sum(cast(p * v as decimal(38, 6))) as decimal(38, 6)) as pv,
        cast(sum(cast(p * v * v as decimal(38, 6))) as decimal(38, 6)) as pv2,
        cast(sum(cast(p * p * v as decimal(38, 6))) as decimal(38, 6)) as p2v,
        cast(sum(cast(p * p * v * v as decimal(38, 6))) as decimal(38, 6)) as p2v2
    from cells
    group by slice, cell
)

select * from final order by slice, cell
