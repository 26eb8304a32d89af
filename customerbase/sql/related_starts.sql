-- One row per basket that is complete: how many products were bought after it.
with

counted as (
    select basket, count(*) as size from related_after group by basket
),

final as (
    select related_steps.basket, coalesce(counted.size, 0) as size
    from related_steps
    left join counted on related_steps.basket = counted.basket
    where related_steps.is_complete = 1
)

select * from final
