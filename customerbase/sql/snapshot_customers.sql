-- One row per eligible customer: a person with a completed order in the $eligible_days days before the cutoff.
with

final as (
    select customer_id
    from seen_documents
    where is_order = 1 and age <= $eligible_days
    group by customer_id
)

select * from final
