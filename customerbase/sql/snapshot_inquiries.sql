-- One row per eligible customer who asked the support desk: how often, how long ago, how it went.
with

sums as (
    select
        seen_inquiries.customer_id,
        count(*) as inquiries,
        count(case when seen_inquiries.age <= 90 then 1 end) as inquiries_90,
        count(case when seen_inquiries.age <= 365 then 1 end) as inquiries_365,
        cast(sum(seen_inquiries.is_open) as bigint) as open_inquiries,
        min(seen_inquiries.age) as days_since_last_inquiry,
        cast(cast(sum(seen_inquiries.reply_minutes) as bigint) as double) as minutes,
        count(seen_inquiries.reply_minutes) as replies,
        max(
            struct_pack(
                closed_at := seen_inquiries.closed_at,
                source_system := seen_inquiries.source_system,
                inquiry_id := seen_inquiries.inquiry_id,
                csat := seen_inquiries.csat
            )
        ) filter (where seen_inquiries.csat is not null) as latest
    from seen_inquiries
    inner join snapshot_customers on seen_inquiries.customer_id = snapshot_customers.customer_id
    group by seen_inquiries.customer_id
),

final as (
    select
        customer_id,
        inquiries,
        inquiries_90,
        inquiries_365,
        open_inquiries,
        days_since_last_inquiry,
        minutes / 60 / nullif(replies, 0) as mean_reply_hours,
        latest.csat as last_csat
    from sums
)

select * from final
