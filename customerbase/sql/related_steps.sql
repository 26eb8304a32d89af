-- One row per basket of a known customer, of those with at most $most baskets (more is a till, not a person).
--   place         1 is the customer's first basket of those read
--   is_complete   1 where all of the $days after it lie before $until; without dates always
with

placed as (
    select distinct basket, customer_id, day from related_lines where customer_id is not null
),

persons as (
    select customer_id from placed group by customer_id having count(*) <= $most
),

people as (
    select customer_id, cast(row_number() over (order by customer_id) as bigint) as customer from persons
),

final as (
    select
        placed.basket,
        people.customer,
        placed.day,
        cast(row_number() over (partition by people.customer order by placed.basket) as bigint) as place,
        case
            when placed.day is null or date_diff('day', cast(placed.day as date), cast($until as date)) > $days then 1
            else 0
        end as is_complete
    from placed
    inner join people on placed.customer_id = people.customer_id
)

select * from final
