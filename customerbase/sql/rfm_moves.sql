-- One row per measure (r, f, m, segment), rank then and rank now, of the customers ranked at both of two days:
--   changed     how many have another rank; own, cut_points, both: why, and together they are the changed ones
--   own         their own measures moved them, and the cut points changed nothing for them
--   cut_points  only that the cut points moved; both: the one and the other
-- rfm_then, rfm_now: the measures at either day (sql/rfm_base.sql). Each customer is ranked three times, with measures and
-- cut points of then ($then_r_2 …), with measures of now and cut points of then, and with both of now ($now_r_2 …); three
-- ranks are one code, 25 (r − 1) + 5 (f − 1) + m − 1. A null cut point is reached by nobody; without an order in the window
-- every rank is 1 (sql/rfm.sql). rfm_codes names the ranks and the segment of each code.
with

coded as (
    select
        case
            when rfm_then.order_count = 0 then 0
            else 0
                + 25 * case when -rfm_then.days_since_last_order >= $then_r_2 then 1 else 0 end
                + 25 * case when -rfm_then.days_since_last_order >= $then_r_3 then 1 else 0 end
                + 25 * case when -rfm_then.days_since_last_order >= $then_r_4 then 1 else 0 end
                + 25 * case when -rfm_then.days_since_last_order >= $then_r_5 then 1 else 0 end
                + 5 * case when rfm_then.order_count >= $then_f_2 then 1 else 0 end
                + 5 * case when rfm_then.order_count >= $then_f_3 then 1 else 0 end
                + 5 * case when rfm_then.order_count >= $then_f_4 then 1 else 0 end
                + 5 * case when rfm_then.order_count >= $then_f_5 then 1 else 0 end
                + 1 * case when rfm_then.net_spend >= $then_m_2 then 1 else 0 end
                + 1 * case when rfm_then.net_spend >= $then_m_3 then 1 else 0 end
                + 1 * case when rfm_then.net_spend >= $then_m_4 then 1 else 0 end
                + 1 * case when rfm_then.net_spend >= $then_m_5 then 1 else 0 end
        end as code_then,
        case
            when rfm_now.order_count = 0 then 0
            else 0
                + 25 * case when -rfm_now.days_since_last_order >= $then_r_2 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $then_r_3 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $then_r_4 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $then_r_5 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $then_f_2 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $then_f_3 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $then_f_4 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $then_f_5 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $then_m_2 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $then_m_3 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $then_m_4 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $then_m_5 then 1 else 0 end
        end as code_between,
        case
            when rfm_now.order_count = 0 then 0
            else 0
                + 25 * case when -rfm_now.days_since_last_order >= $now_r_2 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $now_r_3 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $now_r_4 then 1 else 0 end
                + 25 * case when -rfm_now.days_since_last_order >= $now_r_5 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $now_f_2 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $now_f_3 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $now_f_4 then 1 else 0 end
                + 5 * case when rfm_now.order_count >= $now_f_5 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $now_m_2 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $now_m_3 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $now_m_4 then 1 else 0 end
                + 1 * case when rfm_now.net_spend >= $now_m_5 then 1 else 0 end
        end as code_now
    from rfm_then
    inner join rfm_now on rfm_then.customer_id = rfm_now.customer_id
),

patterns as (
    select code_then, code_between, code_now, count(*) as customers
    from coded
    group by code_then, code_between, code_now
),

named as (
    select
        names_then.r as r_then, names_between.r as r_between, names_now.r as r_now,
        names_then.f as f_then, names_between.f as f_between, names_now.f as f_now,
        names_then.m as m_then, names_between.m as m_between, names_now.m as m_now,
        names_then.segment as s_then, names_between.segment as s_between, names_now.segment as s_now,
        patterns.customers
    from patterns
    inner join rfm_codes as names_then on patterns.code_then = names_then.code
    inner join rfm_codes as names_between on patterns.code_between = names_between.code
    inner join rfm_codes as names_now on patterns.code_now = names_now.code
),

long as (
    select 'r' as measure, cast(r_then as varchar) as a, cast(r_between as varchar) as b, cast(r_now as varchar) as c, customers
    from named
    union all
    select 'f' as measure, cast(f_then as varchar) as a, cast(f_between as varchar) as b, cast(f_now as varchar) as c, customers
    from named
    union all
    select 'm' as measure, cast(m_then as varchar) as a, cast(m_between as varchar) as b, cast(m_now as varchar) as c, customers
    from named
    union all
    select 'segment' as measure, s_then as a, s_between as b, s_now as c, customers from named
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
