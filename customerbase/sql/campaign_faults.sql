-- One row per campaign: people (contacts: of nobody) whose contact did not go as planned. None of them leaves the comparison.
with

nobodies as (
    select campaign, count(*) as unknown_person from campaign_contacted where person is null group by campaign
),

campaigns_seen as (
    select distinct campaign from campaign_contacted
),

people as (
    select
        people.campaign,
        cast(sum(people.both_arms) as bigint) as both_arms,
        cast(sum(people.again) as bigint) as contacted_again,
        cast(sum(case when people.treated = 0 and people.both_arms = 0 and people.sent_at is not null then 1 else 0 end) as bigint)
            as control_contacted,
        cast(sum(case when people.treated = 1 and people.sent_at is null then 1 else 0 end) as bigint) as not_sent,
        cast(sum(case when people.treated = 1 then coalesce(outcomes.bought_before_sent, 0) else 0 end) as bigint)
            as bought_before_sent,
        cast(sum(people.no_time) as bigint) as no_time
    from campaign_people as people
    left join campaign_outcomes as outcomes
        on people.campaign = outcomes.campaign and people.person = outcomes.person
    group by people.campaign
),

final as (
    select
        campaigns_seen.campaign,
        coalesce(nobodies.unknown_person, 0) as unknown_person,
        coalesce(people.both_arms, 0) as both_arms,
        coalesce(people.contacted_again, 0) as contacted_again,
        coalesce(people.control_contacted, 0) as control_contacted,
        coalesce(people.not_sent, 0) as not_sent,
        coalesce(people.bought_before_sent, 0) as bought_before_sent,
        coalesce(people.no_time, 0) as no_time
    from campaigns_seen
    left join nobodies on campaigns_seen.campaign = nobodies.campaign
    left join people on campaigns_seen.campaign = people.campaign
)

select * from final order by campaign
