-- One row per account that belongs to somebody: the person's number, and the account's place among the person's own.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

final as (
    select
        source_system,
        source_customer_id,
        customer_id,
        dense_rank() over (order by customer_id) as person,
        row_number() over (partition by customer_id order by source_system, source_customer_id) as account
    from links
)

select * from final
