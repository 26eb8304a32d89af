-- One row per thing, number of repeats and class of due repeats (steps of about a tenth): customers, and their due repeats.
with

classed as (
    select thing, repeats, due, cast(floor(10 * ln(1 + cast(due as double) / 10000)) as integer) as due_class
    from clock_paces
),

final as (
    select thing, repeats, due_class, count(*) as customers, cast(sum(due) as bigint) as due
    from classed
    group by thing, repeats, due_class
)

select * from final
