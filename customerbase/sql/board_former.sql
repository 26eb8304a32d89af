-- One row per former id that means $customer now, the latest first.
with

final as (
    select alias_id, since from id_aliases where customer_id = $customer
)

select * from final order by since desc, alias_id
