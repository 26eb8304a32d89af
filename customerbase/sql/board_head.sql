-- One row per customer ($customer, or none): who they are and every score of them, as of the month. Each table is narrowed
-- to the customer before it is joined, so that of its file only the rows around the id are read. No contact data.
with

person as (
    select
        customer_id,
        age_band,
        prefecture,
        member_rank,
        accounts,
        orders,
        net_spend,
        first_order_at,
        last_order_at,
        main_channel,
        favourite_category,
        points_balance
    from profile
    where customer_id = $customer
),

ranks as (
    select customer_id, days_since_last_order, order_count, r, f, m, segment from rfm where customer_id = $customer
),

worth as (
    select customer_id, frequency, spend_basis, p_alive, purchases_12m, cltv, cltv_low, cltv_high, previous_cltv
    from cltv
    where customer_id = $customer
),

leaving as (
    select customer_id, horizon_days, probability, risk_band, value_at_risk, value_at_risk_low, value_at_risk_high,
        previous_probability
    from churn
    where customer_id = $customer
),

buying as (
    select customer_id, p_30, low_days, median_days, high_days, previous_p_30 from propensity where customer_id = $customer
),

due as (
    select customer_id, window_from, window_mid, window_to
    from repurchase_due
    where customer_id = $customer and thing = 'all'
),

priority as (
    select customer_id, rank, channel, gain, gain_low, gain_high, best_day, reason_1, reason_2, reason_3
    from sales_priority
    where customer_id = $customer
),

final as (
    select
        person.*,
        ranks.days_since_last_order,
        ranks.order_count,
        ranks.r,
        ranks.f,
        ranks.m,
        ranks.segment,
        worth.frequency,
        worth.spend_basis,
        worth.p_alive,
        worth.purchases_12m,
        worth.cltv,
        worth.cltv_low,
        worth.cltv_high,
        worth.previous_cltv,
        leaving.horizon_days,
        leaving.probability,
        leaving.risk_band,
        leaving.value_at_risk,
        leaving.value_at_risk_low,
        leaving.value_at_risk_high,
        leaving.previous_probability,
        buying.p_30,
        buying.low_days,
        buying.median_days,
        buying.high_days,
        buying.previous_p_30,
        due.window_from,
        due.window_mid,
        due.window_to,
        priority.rank,
        priority.channel,
        priority.gain,
        priority.gain_low,
        priority.gain_high,
        priority.best_day,
        priority.reason_1,
        priority.reason_2,
        priority.reason_3
    from person
    left join ranks on person.customer_id = ranks.customer_id
    left join worth on person.customer_id = worth.customer_id
    left join leaving on person.customer_id = leaving.customer_id
    left join buying on person.customer_id = buying.customer_id
    left join due on person.customer_id = due.customer_id
    left join priority on person.customer_id = priority.customer_id
)

select * from final
