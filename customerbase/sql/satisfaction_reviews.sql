-- One row per person and product with a review posted before $until: the stars of the latest, as an answer from 1 to 5.
-- A review of nobody that identity_links knows stands for a person of its own; one that names no product counts by itself.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

said as (
    select
        coalesce(links.customer_id, reviews.source_system || ':' || reviews.review_id) as customer_id,
        case when links.customer_id is null then 0 else 1 end as known,
        reviews.product_id,
        cast(reviews.stars as double) as answer,
        reviews.posted_at as answered_at,
        reviews.source_system,
        reviews.review_id
    from reviews
    left join links
        on reviews.source_system = links.source_system and reviews.source_customer_id = links.source_customer_id
    where reviews.posted_at < $until and reviews.stars between 1 and 5
),

numbered as (
    select
        *,
        row_number() over (
            partition by customer_id, coalesce(product_id, source_system || ':' || review_id)
            order by answered_at desc, source_system, review_id desc
        ) as place
    from said
),

final as (
    select
        customer_id,
        known,
        product_id,
        answer,
        answered_at,
        cast(date_trunc('month', answered_at) as date) as month
    from numbered
    where place = 1
)

select * from final order by customer_id, product_id, answered_at
