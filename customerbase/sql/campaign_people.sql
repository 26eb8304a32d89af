-- One row per campaign and person: the arm they count for whatever was done to them afterwards (intention to treat).
-- The one place where arms are decided. The first assignment is the assignment: of the earliest planned day. On one day, or
-- where a contact of the person has no time of its own, none is known to be the first; then the account with the first id
-- decides, and so never an arm: who is held out is often booked without a time, or at midnight. docs/campaigns.md says what
-- other rules cost.
--   both_arms   1 where the person's accounts were drawn into both; they stay, and are counted
with

contacts as (
    select
        campaign_contacted.*,
        (account * 1000000 + contact_no) * 2 + treated as assignment,
        date_diff('day', date '1970-01-01', cast(planned_at as date)) * 1000000000000 as day
    from campaign_contacted
    where person is not null
),

summed as (
    select
        campaign,
        person,
        min(assignment) % 2 as of_first_account,
        min(day + assignment) % 2 as of_first_day,
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
        case when no_time = 1 then of_first_account else of_first_day end as treated,
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
