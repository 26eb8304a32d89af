-- One row per customer and wave of a survey who was asked, by $until (the first instant after the as-of date).
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

invitations as (
    select
        links.customer_id,
        survey_invitations.source_system || ':' || survey_invitations.survey_id as survey,
        survey_invitations.asked_at
    from survey_invitations
    inner join links
        on survey_invitations.source_system = links.source_system
        and survey_invitations.source_customer_id = links.source_customer_id
    where survey_invitations.asked_at < $until
),

final as (
    select
        customer_id,
        survey || ' ' || cast(cast(date_trunc('month', asked_at) as date) as varchar) as wave,
        cast(min(asked_at) as date) as asked_on
    from invitations
    group by customer_id, survey || ' ' || cast(cast(date_trunc('month', asked_at) as date) as varchar)
)

select * from final order by wave, customer_id
