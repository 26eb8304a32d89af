-- One row per customer who did something other than buying up to the as-of date ($until: the first instant after it):
-- visits, campaign messages, inquiries, reviews, survey answers, points.
-- Each table is summed up per account before it is brought to the customer. survey_score is the latest answer to the
-- question of recommendation (scale nps) where there is one, else the latest rating.
with

links as (
    select customer_id, source_system, source_customer_id from identity_links
),

web_accounts as (
    select
        source_system,
        source_customer_id,
        cast(sum(case when event_name in ('page_view', 'screen_view', 'view_item') then 1 else 0 end) as bigint)
            as web_views,
        max(event_at) as web_last_at
    from web_events
    where source_customer_id is not null and event_at < $until
    group by source_system, source_customer_id
),

web as (
    select
        links.customer_id,
        cast(sum(web_accounts.web_views) as bigint) as web_views,
        max(web_accounts.web_last_at) as web_last_at
    from web_accounts
    inner join links
        on web_accounts.source_system = links.source_system
        and web_accounts.source_customer_id = links.source_customer_id
    group by links.customer_id
),

mail_accounts as (
    select
        source_system,
        source_customer_id,
        count(case when sent_at < $until then 1 end) as mails_sent,
        count(case when opened_at < $until then 1 end) as mails_opened,
        count(case when clicked_at < $until then 1 end) as mails_clicked
    from campaign_contacts
    group by source_system, source_customer_id
),

mails as (
    select
        links.customer_id,
        cast(sum(mail_accounts.mails_sent) as bigint) as mails_sent,
        cast(sum(mail_accounts.mails_opened) as bigint) as mails_opened,
        cast(sum(mail_accounts.mails_clicked) as bigint) as mails_clicked
    from mail_accounts
    inner join links
        on mail_accounts.source_system = links.source_system
        and mail_accounts.source_customer_id = links.source_customer_id
    group by links.customer_id
),

desk as (
    select links.customer_id, count(*) as inquiries, max(inquiries.opened_at) as last_inquiry_at
    from inquiries
    inner join links
        on inquiries.source_system = links.source_system and inquiries.source_customer_id = links.source_customer_id
    where inquiries.opened_at < $until
    group by links.customer_id
),

ratings as (
    select
        links.customer_id,
        count(*) as reviews,
        cast(sum(reviews.stars) as double) / nullif(count(reviews.stars), 0) as mean_rating
    from reviews
    inner join links
        on reviews.source_system = links.source_system and reviews.source_customer_id = links.source_customer_id
    where reviews.posted_at < $until
    group by links.customer_id
),

answers as (
    select
        links.customer_id,
        max(
            struct_pack(
                recommends := case when survey_answers.scale = 'nps' then 1 else 0 end,
                answered_at := survey_answers.answered_at,
                source_system := survey_answers.source_system,
                source_row_id := survey_answers.source_row_id,
                scale := survey_answers.scale,
                score := survey_answers.answer_num
            )
        ) as latest
    from survey_answers
    inner join links
        on survey_answers.source_system = links.source_system
        and survey_answers.source_customer_id = links.source_customer_id
    where
        survey_answers.answered_at < $until
        and survey_answers.answer_num is not null
        and survey_answers.scale in ('nps', 'five', 'seven')
    group by links.customer_id
),

points as (
    select
        links.customer_id,
        cast(sum(loyalty_points.delta) as decimal(18, 2)) as points_balance,
        max(
            struct_pack(
                txn_at := loyalty_points.txn_at,
                source_system := loyalty_points.source_system,
                source_row_id := loyalty_points.source_row_id,
                member_rank := loyalty_points.rank_after
            )
        ) filter (where loyalty_points.rank_after is not null) as latest
    from loyalty_points
    inner join links
        on loyalty_points.source_system = links.source_system
        and loyalty_points.source_customer_id = links.source_customer_id
    where loyalty_points.txn_at < $until
    group by links.customer_id
),

people as (
    select customer_id from web
    union
    select customer_id from mails
    union
    select customer_id from desk
    union
    select customer_id from ratings
    union
    select customer_id from answers
    union
    select customer_id from points
),

final as (
    select
        people.customer_id,
        web.web_views,
        web.web_last_at,
        mails.mails_sent,
        mails.mails_opened,
        mails.mails_clicked,
        desk.inquiries,
        desk.last_inquiry_at,
        ratings.reviews,
        ratings.mean_rating,
        answers.latest.score as survey_score,
        answers.latest.scale as survey_scale,
        answers.latest.answered_at as survey_at,
        answers.latest.source_system || ':' || answers.latest.source_row_id as survey_score__source,
        points.points_balance,
        points.latest.member_rank as member_rank,
        points.latest.source_system || ':' || points.latest.source_row_id as member_rank__source
    from people
    left join web on people.customer_id = web.customer_id
    left join mails on people.customer_id = mails.customer_id
    left join desk on people.customer_id = desk.customer_id
    left join ratings on people.customer_id = ratings.customer_id
    left join answers on people.customer_id = answers.customer_id
    left join points on people.customer_id = points.customer_id
)

select * from final
