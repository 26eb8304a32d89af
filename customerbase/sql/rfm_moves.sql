-- One row per measure (r, f, m, segment), rank then and rank now, of the customers ranked at both of two days:
--   changed     how many have another rank; own, cut_points, both: why, and together they are the changed ones
--   own         their own measures moved them, and the cut points changed nothing for them
--   cut_points  only that the cut points moved; both: the one and the other
-- rfm_then: measures and cut points of then; rfm_between: measures of now, cut points of then; rfm_now: both of now.
with

paired as (
    select
        rfm_then.r as r_then, rfm_between.r as r_between, rfm_now.r as r_now,
        rfm_then.f as f_then, rfm_between.f as f_between, rfm_now.f as f_now,
        rfm_then.m as m_then, rfm_between.m as m_between, rfm_now.m as m_now,
        rfm_then.segment as s_then, rfm_between.segment as s_between, rfm_now.segment as s_now
    from rfm_then
    inner join rfm_between on rfm_then.customer_id = rfm_between.customer_id
    inner join rfm_now on rfm_then.customer_id = rfm_now.customer_id
),

patterns as (
    select
        r_then, r_between, r_now, f_then, f_between, f_now, m_then, m_between, m_now, s_then, s_between, s_now,
        count(*) as customers
    from paired
    group by r_then, r_between, r_now, f_then, f_between, f_now, m_then, m_between, m_now, s_then, s_between, s_now
),

long as (
    select 'r' as measure, cast(r_then as varchar) as a, cast(r_between as varchar) as b, cast(r_now as varchar) as c, customers
    from patterns
    union all
    select 'f' as measure, cast(f_then as varchar) as a, cast(f_between as varchar) as b, cast(f_now as varchar) as c, customers
    from patterns
    union all
    select 'm' as measure, cast(m_then as varchar) as a, cast(m_between as varchar) as b, cast(m_now as varchar) as c, customers
    from patterns
    union all
    select 'segment' as measure, s_then as a, s_between as b, s_now as c, customers from patterns
),

final as (
    select
        measure,
        a as rank_then,
        c as rank_now,
        cast(sum(customers) as bigint) as customers,
        cast(sum(case when a <> c then customers else 0 end) as bigint) as changed,
        cast(sum(case when a <> c and b = c then customers else 0 end) as bigint) as own,
        cast(sum(case when a <> c and a = b then customers else 0 end) as bigint) as cut_points,
        cast(sum(case when a <> c and a <> b and b <> c then customers else 0 end) as bigint) as both_causes
    from long
    group by measure, a, c
)

select * from final order by measure, rank_then, rank_now
