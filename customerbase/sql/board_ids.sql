-- One row per way in which $customer is known in the month: as a customer id, or as a former id of one.
with

living as (
    select customer_id, cast(null as date) as since from profile where customer_id = $customer
),

former as (
    select customer_id, since from id_aliases where alias_id = $customer
),

final as (
    select customer_id, since from living
    union all
    select customer_id, since from former
)

select * from final
