-- One row per customer with an open deal: of several the one furthest on, then the largest.
--   deals   open deals of the customer, this one included
-- $until: first instant not read (the day after the as-of date). A deal has no history: its stage is the one delivered.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

opened as (
    select
        links.customer_id,
        deals.source_system,
        deals.deal_id,
        deals.owner_id,
        deals.stage,
        deals.amount,
        deals.expected_close,
        case deals.stage when 'lead' then 1 when 'qualified' then 2 when 'proposal' then 3 else 4 end as step
    from deals
    inner join links
        on deals.source_system = links.source_system and deals.source_customer_id = links.source_customer_id
    where
        deals.stage in ('lead', 'qualified', 'proposal', 'negotiation')
        and (deals.opened_at is null or deals.opened_at < $until)
),

ordered as (
    select
        *,
        row_number() over (
            partition by customer_id order by step desc, coalesce(amount, 0) desc, source_system, deal_id
        ) as position,
        count(*) over (partition by customer_id) as deals
    from opened
),

final as (
    select customer_id, owner_id, stage, amount, expected_close, deals from ordered where position = 1
)

select * from final
