-- One row per length of a silence, whether it ended, and whether it followed the customer's first purchase: how many.
with

silences as (
    select * from churn_silences
),

final as (
    select number = 1 as is_first, days, is_ended, count(*) as silences
    from silences
    group by number = 1, days, is_ended
)

select * from final order by is_first, days, is_ended
