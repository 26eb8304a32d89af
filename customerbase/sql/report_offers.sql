-- One row per segment, list and product that stands among the first three of somebody's list: the ten commonest of each.
--   customers   in how many customers' lists of that segment it does
--   of          how many customers of the segment have that list
with

listed as (
    select
        rfm.segment,
        recommendations.list,
        recommendations.customer_id,
        recommendations.product_id,
        recommendations.rank
    from recommendations
    inner join rfm on recommendations.customer_id = rfm.customer_id
),

people as (
    select segment, list, count(distinct customer_id) as of from listed group by segment, list
),

counted as (
    select segment, list, product_id, count(*) as customers
    from listed
    where rank <= 3
    group by segment, list, product_id
),

ranked as (
    select
        segment,
        list,
        product_id,
        customers,
        row_number() over (partition by segment, list order by customers desc, product_id) as place
    from counted
),

final as (
    select ranked.segment, ranked.list, ranked.place, ranked.product_id, products_sold.name, ranked.customers, people.of
    from ranked
    inner join people on ranked.segment = people.segment and ranked.list = people.list
    left join products_sold on ranked.product_id = products_sold.product_id
    where ranked.place <= 10
)

select * from final order by segment, list, place
