-- One row per status of an order: how many, their total, and how many belong to no customer.
with

documents as (
    select status, total, source_customer_id from orders
),

final as (
    select
        status,
        count(*) as count,
        cast(sum(total) as decimal(18, 2)) as amount,
        count(*) - count(source_customer_id) as anonymous
    from documents
    group by status
)

select * from final order by count desc, status
