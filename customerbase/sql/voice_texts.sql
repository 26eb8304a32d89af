-- One row per text that a customer wrote from $since until before $until: survey comments, reviews, inquiries.
-- author tells writers apart: the customer, else the account; empty for anonymous texts. A review's own product is taken
-- out of its text, so that a topic is what is said and not what was bought. score: stars of a review, 1 to 5.
with

links as (
    select customer_id, source_system, source_customer_id from identity_links
),

product_names as (
    select source_system, product_id, max(name) as name
    from products
    where length(name) >= 2
    group by source_system, product_id
),

said as (
    select
        'survey' as source,
        source_system,
        concat(response_id, '/', question_id) as record_id,
        source_customer_id,
        answered_at as said_at,
        answer_text as said,
        cast(null as integer) as stars
    from survey_answers
    where answer_text is not null

    union all

    select
        'review' as source,
        reviews.source_system,
        reviews.review_id as record_id,
        reviews.source_customer_id,
        reviews.posted_at as said_at,
        case
            when product_names.name is null then reviews.text
            else replace(reviews.text, product_names.name, ' ')
        end as said,
        reviews.stars
    from reviews
    left join product_names
        on reviews.source_system = product_names.source_system and reviews.product_id = product_names.product_id
    where reviews.text is not null

    union all

    select
        'inquiry' as source,
        source_system,
        inquiry_id as record_id,
        source_customer_id,
        opened_at as said_at,
        text as said,
        cast(null as integer) as stars
    from inquiries
    where text is not null
),

final as (
    select
        said.source,
        said.source_system,
        said.record_id,
        links.customer_id,
        case
            when links.customer_id is not null then concat('c/', links.customer_id)
            when said.source_customer_id is not null then concat('a/', said.source_system, '/', said.source_customer_id)
        end as author,
        cast(date_trunc('month', said.said_at) as date) as month,
        said.said,
        said.stars
    from said
    left join links
        on said.source_system = links.source_system and said.source_customer_id = links.source_customer_id
    where said.said_at >= $since and said.said_at < $until
)

select * from final order by source, source_system, record_id
