-- One row per campaign: how many people of the contacted arm came how far, and how many of either arm bought in the window.
with

final as (
    select
        people.campaign,
        cast(sum(people.treated) as bigint) as planned,
        cast(sum(case when people.treated = 1 and people.sent_at is not null then 1 else 0 end) as bigint) as sent,
        cast(sum(people.treated * people.delivered) as bigint) as delivered,
        cast(sum(people.treated * people.opened) as bigint) as opened,
        cast(sum(people.treated * people.clicked) as bigint) as clicked,
        cast(sum(case when people.treated = 1 and outcomes.orders > 0 then 1 else 0 end) as bigint) as bought,
        cast(sum(people.treated * people.unsubscribed) as bigint) as unsubscribed
    from campaign_people as people
    left join campaign_outcomes as outcomes
        on people.campaign = outcomes.campaign and people.person = outcomes.person
    group by people.campaign
)

select * from final order by campaign
