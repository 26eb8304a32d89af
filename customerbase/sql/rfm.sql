-- One row per customer: the three measures and their ranks 1..5 (5 is best).
-- A rank is 1 plus the number of cut points reached ($r_2 .. $m_5; a null cut point is reached by nobody);
-- without an order in the window every rank is 1.
with

customers as (
    select * from rfm_base
),

final as (
    select
        customer_id,
        $as_of as as_of,
        cast(days_since_last_order as integer) as days_since_last_order,
        order_count,
        net_spend,
        case
            when order_count = 0 then 1
            else 1
                + case when -days_since_last_order >= $r_2 then 1 else 0 end
                + case when -days_since_last_order >= $r_3 then 1 else 0 end
                + case when -days_since_last_order >= $r_4 then 1 else 0 end
                + case when -days_since_last_order >= $r_5 then 1 else 0 end
        end as r,
        case
            when order_count = 0 then 1
            else 1
                + case when order_count >= $f_2 then 1 else 0 end
                + case when order_count >= $f_3 then 1 else 0 end
                + case when order_count >= $f_4 then 1 else 0 end
                + case when order_count >= $f_5 then 1 else 0 end
        end as f,
        case
            when order_count = 0 then 1
            else 1
                + case when net_spend >= $m_2 then 1 else 0 end
                + case when net_spend >= $m_3 then 1 else 0 end
                + case when net_spend >= $m_4 then 1 else 0 end
                + case when net_spend >= $m_5 then 1 else 0 end
        end as m
    from customers
)

select * from final
