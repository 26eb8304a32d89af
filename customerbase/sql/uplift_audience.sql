-- One row per person of the campaign that is looked at (campaign_looked): arm, and what they did in their own window.
with

people as (
    select campaign, person, treated from campaign_looked
),

customers as (
    select person, customer_id from campaign_accounts where account = 1
),

final as (
    select
        customers.customer_id,
        people.treated,
        case when outcomes.orders > 0 then 1 else 0 end as bought,
        cast(coalesce(outcomes.revenue, 0) as double) as revenue
    from people
    inner join customers on people.person = customers.person
    left join campaign_outcomes as outcomes
        on people.campaign = outcomes.campaign and people.person = outcomes.person
)

select * from final
