-- One row per customer whose early days and the time after them are over: what was known early, and what came after.
-- Day 0 is the day of the first order. Early: days 0 to $early_days - 1. After: the $after_days days that follow; `value`
-- is the net spend in them (refunds negative, at their own date) and uses nothing earlier. Complete before $until.
-- Nothing later than the last early day stands in any other column but the attributes of the profile (age, gender,
-- prefecture), which do not follow from what was bought; registered_at only tells whose first order the data miss.
with

documents as (
    select source_system, order_id, customer_id, coalesce(channel, 'unknown') as channel, order_at, is_order, net_amount
    from customer_orders
    where customer_id is not null
),

firsts as (
    select customer_id, cast(min(order_at) as date) as first_day from documents where is_order = 1 group by customer_id
),

whole as (
    select customer_id, first_day
    from firsts
    where date_diff('day', cast(first_day as date), cast($until as date)) >= $early_days + $after_days
),

dated as (
    select
        documents.*,
        orders.store_id,
        orders.discount,
        orders.points_used,
        date_diff('day', cast(whole.first_day as date), cast(documents.order_at as date)) as day
    from documents
    inner join whole on documents.customer_id = whole.customer_id
    inner join orders on documents.source_system = orders.source_system and documents.order_id = orders.order_id
),

first_orders as (
    select
        customer_id,
        min(channel) as channel,
        min(source_system || ':' || store_id) as store,
        cast(sum(net_amount) as decimal(18, 2)) as basket,
        cast(sum(coalesce(discount, 0)) as decimal(18, 2)) as discount,
        cast(sum(coalesce(points_used, 0)) as decimal(18, 2)) as points_used
    from dated
    where day = 0 and is_order = 1
    group by customer_id
),

later_early as (
    select
        dated.customer_id,
        cast(sum(case when dated.day > 0 then 1 else 0 end) as bigint) as more_orders,
        count(distinct dated.channel) as channels
    from dated
    where dated.is_order = 1 and dated.day < $early_days
    group by dated.customer_id
),

after as (
    select customer_id, cast(sum(net_amount) as decimal(18, 2)) as value
    from dated
    where day >= $early_days and day < $early_days + $after_days
    group by customer_id
),

first_lines as (
    select
        dated.customer_id,
        coalesce(split_part(products.category, ' > ', 1), 'unknown') as category,
        cast(coalesce(order_lines.qty, 0) as decimal(18, 3)) as items,
        cast(coalesce(order_lines.amount, 0) as decimal(18, 2)) as amount
    from dated
    inner join order_lines
        on dated.source_system = order_lines.source_system and dated.order_id = order_lines.order_id
    left join products
        on order_lines.source_system = products.source_system and order_lines.product_id = products.product_id
    where dated.day = 0 and dated.is_order = 1 and order_lines.line_type = 'goods'
),

first_categories as (
    select
        customer_id,
        category,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(amount) as decimal(18, 2)) as amount
    from first_lines
    group by customer_id, category
),

first_goods as (
    select
        customer_id,
        cast(sum(items) as double) as items,
        count(*) as categories,
        min(struct_pack(key := -amount, category := category)) as main
    from first_categories
    group by customer_id
),

links as (
    select identity_links.source_system, identity_links.source_customer_id, whole.customer_id, whole.first_day
    from identity_links
    inner join whole on identity_links.customer_id = whole.customer_id
),

mails as (
    select
        links.customer_id,
        count(*) as sent,
        cast(sum(case
            when date_diff('day', cast(links.first_day as date), cast(campaign_contacts.opened_at as date)) < $early_days then 1
            else 0
        end) as bigint) as opened
    from campaign_contacts
    inner join links
        on campaign_contacts.source_system = links.source_system
        and campaign_contacts.source_customer_id = links.source_customer_id
    where
        campaign_contacts.sent_at is not null
        and date_diff('day', cast(links.first_day as date), cast(campaign_contacts.sent_at as date)) >= 0
        and date_diff('day', cast(links.first_day as date), cast(campaign_contacts.sent_at as date)) < $early_days
    group by links.customer_id
),

web as (
    select
        links.customer_id,
        count(distinct cast(web_events.event_at as date)) as visit_days,
        cast(sum(case when web_events.event_name = 'add_to_cart' then 1 else 0 end) as bigint) as carts
    from web_events
    inner join links
        on web_events.source_system = links.source_system
        and web_events.source_customer_id = links.source_customer_id
    where
        date_diff('day', cast(links.first_day as date), cast(web_events.event_at as date)) > 0
        and date_diff('day', cast(links.first_day as date), cast(web_events.event_at as date)) < $early_days
    group by links.customer_id
),

desk as (
    select links.customer_id, count(*) as inquiries
    from inquiries
    inner join links
        on inquiries.source_system = links.source_system and inquiries.source_customer_id = links.source_customer_id
    where
        date_diff('day', cast(links.first_day as date), cast(inquiries.opened_at as date)) >= 0
        and date_diff('day', cast(links.first_day as date), cast(inquiries.opened_at as date)) < $early_days
    group by links.customer_id
),

points as (
    select links.customer_id, count(*) as movements
    from loyalty_points
    inner join links
        on loyalty_points.source_system = links.source_system
        and loyalty_points.source_customer_id = links.source_customer_id
    where
        date_diff('day', cast(links.first_day as date), cast(loyalty_points.txn_at as date)) >= 0
        and date_diff('day', cast(links.first_day as date), cast(loyalty_points.txn_at as date)) < $early_days
    group by links.customer_id
),

voices as (
    select source_system, source_customer_id, answered_at as said_at from survey_answers
    union all
    select source_system, source_customer_id, posted_at as said_at from reviews
),

said as (
    select links.customer_id, count(*) as opinions
    from voices
    inner join links
        on voices.source_system = links.source_system and voices.source_customer_id = links.source_customer_id
    where
        date_diff('day', cast(links.first_day as date), cast(voices.said_at as date)) >= 0
        and date_diff('day', cast(links.first_day as date), cast(voices.said_at as date)) < $early_days
    group by links.customer_id
),

final as (
    select
        whole.customer_id,
        whole.first_day,
        cast(date_trunc('month', whole.first_day) as date) as cohort,
        cast(profile.registered_at as date) as registered_on,
        first_orders.channel,
        coalesce(first_orders.store, 'none') as store,
        coalesce(first_goods.main.category, 'unknown') as category,
        cast(first_orders.basket as double) as basket,
        first_goods.items,
        coalesce(first_goods.categories, 0) as categories,
        cast(first_orders.discount as double) as discount,
        cast(first_orders.points_used as double) as points_used,
        coalesce(later_early.more_orders, 0) as more_orders,
        coalesce(later_early.channels, 0) as channels,
        coalesce(mails.sent, 0) as mails_sent,
        coalesce(mails.opened, 0) as mails_opened,
        coalesce(web.visit_days, 0) as visit_days,
        coalesce(web.carts, 0) as carts,
        coalesce(desk.inquiries, 0) as inquiries,
        coalesce(points.movements, 0) as points_movements,
        coalesce(said.opinions, 0) as opinions,
        coalesce(profile.age_band, 'unknown') as age_band,
        coalesce(profile.gender, 'unknown') as gender,
        coalesce(profile.prefecture, 'unknown') as prefecture,
        cast(coalesce(after.value, 0) as double) as value
    from whole
    inner join first_orders on whole.customer_id = first_orders.customer_id
    left join later_early on whole.customer_id = later_early.customer_id
    left join after on whole.customer_id = after.customer_id
    left join first_goods on whole.customer_id = first_goods.customer_id
    left join mails on whole.customer_id = mails.customer_id
    left join web on whole.customer_id = web.customer_id
    left join desk on whole.customer_id = desk.customer_id
    left join points on whole.customer_id = points.customer_id
    left join said on whole.customer_id = said.customer_id
    left join profile on whole.customer_id = profile.customer_id
)

select * from final order by customer_id
