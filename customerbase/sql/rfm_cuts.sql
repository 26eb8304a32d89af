-- One row per measure of RFM: the lowest score that earns rank 2, 3, 4 and 5 (null: nobody earns it).
-- Scores are "more is better" (days since the last order count negatively). Equal scores share one position, so they
-- share one rank, whatever the order of the rows. $tie_weight sets that position among the n customers with an order
-- in the window: 0 = the share of customers strictly worse, 1 = that share plus half of the equals.
with

customers as (
    select * from rfm_base where order_count > 0
),

scores as (
    select 'days_since_last_order' as measure, cast(-days_since_last_order as decimal(18, 2)) as score from customers
    union all
    select 'order_count' as measure, cast(order_count as decimal(18, 2)) as score from customers
    union all
    select 'net_spend' as measure, net_spend as score from customers
),

distinct_scores as (
    select measure, score, count(*) as equals
    from scores
    group by measure, score
),

positions as (
    select
        measure,
        score,
        equals,
        cast(sum(equals) over (
            partition by measure order by score rows between unbounded preceding and current row
        ) as bigint) - equals as worse,
        cast(sum(equals) over (partition by measure) as bigint) as total
    from distinct_scores
),

ranks as (
    select
        measure,
        score,
        1 + cast(floor(cast(5 * (2 * worse + $tie_weight * equals) as double) / (2 * total)) as integer) as score_rank
    from positions
),

final as (
    select
        measure,
        min(case when score_rank >= 2 then score end) as cut_2,
        min(case when score_rank >= 3 then score end) as cut_3,
        min(case when score_rank >= 4 then score end) as cut_4,
        min(case when score_rank >= 5 then score end) as cut_5
    from ranks
    group by measure
)

select * from final order by measure
