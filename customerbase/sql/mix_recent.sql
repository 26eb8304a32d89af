-- One row per customer with a completed order in [$since, $until): attributes, what they did and said in that time.
-- channel, store: those of most orders in the window (of equals the first in alphabetical order); store as
-- system:number, 'none' without an order in a store. The other attributes are those of the profile of the as-of date in
-- every window, so that nobody moves between ages or regions by a change of the record; 'unknown' where it says nothing.
-- nps_answer: mean answer 0-10; csat, rating: mean 1-5; each of the answers in the window, null without one.
with

documents as (
    select source_system, order_id, customer_id, coalesce(channel, 'unknown') as channel, is_order, net_amount
    from customer_orders
    where customer_id is not null and order_at >= $since and order_at < $until
),

totals as (
    select
        customer_id,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as revenue
    from documents
    group by customer_id
),

by_channel as (
    select customer_id, channel, count(*) as orders from documents where is_order = 1 group by customer_id, channel
),

channels as (
    select customer_id, min(struct_pack(key := -orders, channel := channel)) as main
    from by_channel
    group by customer_id
),

by_store as (
    select documents.customer_id, orders.source_system || ':' || orders.store_id as store, count(*) as orders
    from documents
    inner join orders on documents.source_system = orders.source_system and documents.order_id = orders.order_id
    where documents.is_order = 1 and orders.store_id is not null
    group by documents.customer_id, orders.source_system || ':' || orders.store_id
),

stores_of as (
    select customer_id, min(struct_pack(key := -orders, store := store)) as main from by_store group by customer_id
),

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

answers as (
    select links.customer_id, cast(sum(survey_answers.answer_num) as double) / count(*) as nps_answer
    from survey_answers
    inner join links
        on survey_answers.source_system = links.source_system
        and survey_answers.source_customer_id = links.source_customer_id
    where
        survey_answers.scale = 'nps'
        and survey_answers.answer_num is not null
        and survey_answers.answered_at >= $since
        and survey_answers.answered_at < $until
    group by links.customer_id
),

desk as (
    select links.customer_id, cast(sum(inquiries.csat) as double) / count(*) as csat
    from inquiries
    inner join links
        on inquiries.source_system = links.source_system
        and inquiries.source_customer_id = links.source_customer_id
    where inquiries.csat is not null and inquiries.closed_at >= $since and inquiries.closed_at < $until
    group by links.customer_id
),

ratings as (
    select links.customer_id, cast(sum(reviews.stars) as double) / count(*) as rating
    from reviews
    inner join links
        on reviews.source_system = links.source_system and reviews.source_customer_id = links.source_customer_id
    where reviews.stars is not null and reviews.posted_at >= $since and reviews.posted_at < $until
    group by links.customer_id
),

final as (
    select
        totals.customer_id,
        totals.orders,
        cast(totals.revenue as double) as revenue,
        channels.main.channel as channel,
        coalesce(stores_of.main.store, 'none') as store,
        coalesce(profile.age_band, 'unknown') as age_band,
        coalesce(profile.gender, 'unknown') as gender,
        coalesce(profile.prefecture, 'unknown') as prefecture,
        coalesce(profile.occupation, 'unknown') as occupation,
        coalesce(profile.member_rank, 'none') as member_rank,
        answers.nps_answer,
        desk.csat,
        ratings.rating
    from totals
    left join channels on totals.customer_id = channels.customer_id
    left join stores_of on totals.customer_id = stores_of.customer_id
    left join profile on totals.customer_id = profile.customer_id
    left join answers on totals.customer_id = answers.customer_id
    left join desk on totals.customer_id = desk.customer_id
    left join ratings on totals.customer_id = ratings.customer_id
    where totals.orders > 0
)

select * from final order by customer_id
