-- One row per campaign with planned contacts: how many people of each arm and of both, when, and what the contacts cost.
with

final as (
    select
        campaign,
        count(*) as people,
        cast(sum(treated) as bigint) as treated,
        cast(sum(both_arms) as bigint) as both_arms,
        min(planned_at) as first_at,
        max(planned_at) as last_at,
        cast(sum(cost) as decimal(18, 2)) as contact_cost
    from campaign_people
    group by campaign
)

select * from final
