-- One row per candidate: customers who bought item_2 after item_1 but never item_1 after item_2, and the reverse.
with

both_ways as (
    select one.item_1, one.item_2, count(*) as customers
    from related_ways as one
    inner join related_ways as other
        on one.customer = other.customer and one.item_1 = other.item_2 and one.item_2 = other.item_1
    group by one.item_1, one.item_2
),

one_way as (
    select item_1, item_2, count(*) as customers from related_ways group by item_1, item_2
),

final as (
    select
        candidates.item_1,
        candidates.item_2,
        coalesce(forth.customers, 0) - coalesce(both_ways.customers, 0) as only_after,
        coalesce(back.customers, 0) - coalesce(both_ways.customers, 0) as only_before
    from related_candidates as candidates
    left join one_way as forth on candidates.item_1 = forth.item_1 and candidates.item_2 = forth.item_2
    left join one_way as back on candidates.item_1 = back.item_2 and candidates.item_2 = back.item_1
    left join both_ways on candidates.item_1 = both_ways.item_1 and candidates.item_2 = both_ways.item_2
)

select * from final
