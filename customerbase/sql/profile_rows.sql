-- One row per customer: what survived of their accounts, and what they did up to the as-of date. No contact column.
-- Reads identity_links and the results profile_survivors, profile_orders, profile_categories, profile_engagement.
-- age_band: completed years on the as-of day, in the bands of customer_attributes.sql. has_address: with a town.
with

people as (
    select
        customer_id,
        count(*) as accounts,
        array_to_string(list_sort(array_agg(distinct source_system)), ';') as systems
    from identity_links
    group by customer_id
),

survivors as (
    select
        *,
        case
            when birth_date is null or birth_date > $as_of then null
            else year($as_of) - year(birth_date)
                - case when month($as_of) * 100 + day($as_of) < month(birth_date) * 100 + day(birth_date) then 1 else 0 end
        end as age
    from profile_survivors
),

attributes as (
    select
        *,
        case
            when age is null or age >= 120 then null
            when age < 20 then '0-19'
            when age < 30 then '20-29'
            when age < 40 then '30-39'
            when age < 50 then '40-49'
            when age < 60 then '50-59'
            when age < 70 then '60-69'
            else '70+'
        end as age_band,
        town is not null as has_address
    from survivors
),

final as (
    select
        people.customer_id,
        attributes.gender,
        attributes.gender__source,
        attributes.age_band,
        case when attributes.age_band is not null then attributes.birth_date__source end as age_band__source,
        attributes.prefecture,
        case when attributes.prefecture is not null then attributes.address__source end as prefecture__source,
        attributes.occupation,
        attributes.occupation__source,
        attributes.interests,
        attributes.interests__source,
        attributes.status as member_status,
        attributes.member_status__source,
        attributes.registered_at,
        attributes.registered_at__source,
        attributes.email__source is not null as has_email,
        attributes.email__source as has_email__source,
        attributes.phone__source is not null as has_phone,
        attributes.phone__source as has_phone__source,
        coalesce(attributes.has_address, false) as has_address,
        case when attributes.has_address then attributes.address__source end as has_address__source,
        people.accounts,
        people.systems,
        coalesce(profile_orders.orders, 0) as orders,
        coalesce(profile_orders.net_spend, 0) as net_spend,
        profile_orders.first_order_at,
        profile_orders.last_order_at,
        profile_orders.channels,
        profile_orders.main_channel,
        profile_orders.main_store,
        coalesce(profile_orders.stores, 0) as stores,
        profile_categories.favourite_category,
        coalesce(profile_engagement.web_views, 0) as web_views,
        profile_engagement.web_last_at,
        coalesce(profile_engagement.mails_sent, 0) as mails_sent,
        coalesce(profile_engagement.mails_opened, 0) as mails_opened,
        coalesce(profile_engagement.mails_clicked, 0) as mails_clicked,
        coalesce(profile_engagement.inquiries, 0) as inquiries,
        profile_engagement.last_inquiry_at,
        coalesce(profile_engagement.reviews, 0) as reviews,
        profile_engagement.mean_rating,
        profile_engagement.survey_score,
        profile_engagement.survey_scale,
        profile_engagement.survey_at,
        profile_engagement.survey_score__source,
        profile_engagement.points_balance,
        profile_engagement.member_rank,
        profile_engagement.member_rank__source
    from people
    left join attributes on people.customer_id = attributes.customer_id
    left join profile_orders on people.customer_id = profile_orders.customer_id
    left join profile_categories on people.customer_id = profile_categories.customer_id
    left join profile_engagement on people.customer_id = profile_engagement.customer_id
)

select * from final
