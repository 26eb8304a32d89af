-- One row per change of customer ids since the month before: how many customers it concerns.
with

changes as (
    select change from id_changes
),

final as (
    select change, count(*) as customers
    from changes
    group by change
)

select * from final order by change
