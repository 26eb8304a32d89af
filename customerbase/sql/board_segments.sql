-- One row per published month up to $as_of in which $customer, or an id that means them now, was in a segment; of several
-- ids the one that lived on counts, else the first.
with

ids as (
    select $customer as customer_id, 0 as place
    union all
    select alias_id, 1 from id_aliases where customer_id = $customer
),

months as (
    select
        rfm_history.month,
        rfm_history.segment,
        row_number() over (partition by rfm_history.month order by ids.place, rfm_history.customer_id) as position
    from rfm_history
    inner join ids on rfm_history.customer_id = ids.customer_id
    where rfm_history.month <= $as_of
),

final as (
    select month, segment from months where position = 1
)

select * from final order by month
