-- One row per segment with customers: how many, with a lifetime value and with a risk of leaving, the median lifetime value
-- with its 95 % interval by order statistics (n customers in order: number (n − 1.96 √n) / 2 rounded down, and
-- 1 + (n + 1.96 √n) / 2 rounded up, within 1 and n), and how many are at high risk.
-- Source: Campbell & Gardner (1988), Br. Med. J. 296, 1454-1456.
with

customers as (
    select
        rfm.segment,
        rfm.customer_id,
        cast(cltv.cltv as double) as value,
        churn.risk_band
    from rfm
    left join cltv on rfm.customer_id = cltv.customer_id
    left join churn on rfm.customer_id = churn.customer_id
),

valued as (
    select
        segment,
        value,
        row_number() over (partition by segment order by value, customer_id) as place,
        count(*) over (partition by segment) as people
    from customers
    where value is not null
),

medians as (
    select
        segment,
        count(*) as valued,
        median(value) as median_value,
        max(case when place = greatest(cast(floor((people - 1.959964 * sqrt(people)) / 2) as bigint), 1) then value end) as median_low,
        max(
            case when place = least(cast(ceil(1 + (people + 1.959964 * sqrt(people)) / 2) as bigint), people) then value end
        ) as median_high
    from valued
    group by segment
),

counts as (
    select
        segment,
        count(*) as customers,
        count(risk_band) as scored,
        cast(sum(case when risk_band = 'high' then 1 else 0 end) as bigint) as high_risk
    from customers
    group by segment
),

final as (
    select
        counts.segment,
        counts.customers,
        counts.scored,
        counts.high_risk,
        coalesce(medians.valued, 0) as valued,
        medians.median_value,
        medians.median_low,
        medians.median_high
    from counts
    left join medians on counts.segment = medians.segment
)

select * from final order by segment
