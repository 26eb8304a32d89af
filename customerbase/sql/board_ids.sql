-- One row per way in which $customer is known in the month: as a customer id, or as a former id of one.
with

living as (
    select customer_id, cast(null as date) as since from profile where customer_id = $customer
),

former as (
    select id_aliases.customer_id, id_aliases.since
    from id_aliases
    inner join profile on id_aliases.customer_id = profile.customer_id
    where id_aliases.alias_id = $customer
),

final as (
    select customer_id, since from living
    union all
    select customer_id, since from former
)

select * from final
