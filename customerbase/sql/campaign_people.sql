-- One row per campaign and person: the arm they count for whatever was done to them afterwards (intention to treat).
-- The first contact of the person's first account decides the arm, by the account's id and so never by an arm or an outcome:
-- a person whose accounts were drawn into both arms then stands in each as often as chance has it, while leaving them out
-- or counting them as contacted would leave one arm with more people of several accounts than the other.
with

contacts as (
    select * from campaign_contacted where person is not null
),

summed as (
    select
        campaign,
        person,
        min((account * 1000000 + contact_no) * 2 + treated) % 2 as treated,
        min(treated) as least,
        max(treated) as most,
        count(*) as contacts,
        count(distinct account) as accounts,
        min(planned_at) as planned_at,
        max(no_time) as no_time,
        min(sent_at) as sent_at,
        max(case when delivered_at is null then 0 else 1 end) as delivered,
        max(case when opened_at is null then 0 else 1 end) as opened,
        max(case when clicked_at is null then 0 else 1 end) as clicked,
        max(case when unsubscribed_at is null then 0 else 1 end) as unsubscribed,
        cast(sum(coalesce(cost, 0)) as decimal(18, 2)) as cost
    from contacts
    group by campaign, person
),

final as (
    select
        campaign,
        person,
        treated,
        case when least = most then 0 else 1 end as both_arms,
        case when contacts > accounts then 1 else 0 end as again,
        planned_at,
        no_time,
        sent_at,
        delivered,
        opened,
        clicked,
        unsubscribed,
        cost
    from summed
)

select * from final
