-- One row per rank of recency, rank of frequency and segment that has customers.
with

customers as (
    select r, f, segment from rfm
),

final as (
    select r, f, segment, count(*) as customers
    from customers
    group by r, f, segment
)

select * from final order by r, f, segment
