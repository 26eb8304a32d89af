-- One row per chosen thing and length of a gap in days: the paces of the customers who waited so long, in thousandths.
-- A pace is (shape + repeats) / (shape + due repeats); shapes stand in clock_chosen.
with

paces as (
    select
        clock_paces.customer_id,
        clock_paces.thing,
        cast(
            round(
                1000 * (clock_chosen.shape + clock_paces.repeats)
                / (clock_chosen.shape + cast(clock_paces.due as double) / 1000000)
            ) as bigint
        ) as thousandths
    from clock_paces
    inner join clock_chosen on clock_paces.thing = clock_chosen.thing
),

gaps as (
    select
        customer_id,
        thing,
        cast(date_diff('day', cast(day as date), coalesce(next_day, $as_of)) as integer) as days
    from clock_days
),

final as (
    select
        gaps.thing,
        case when gaps.days > $longest then $longest else gaps.days end as days,
        cast(sum(paces.thousandths) as bigint) as thousandths
    from gaps
    inner join paces on gaps.customer_id = paces.customer_id and gaps.thing = paces.thing
    group by gaps.thing, case when gaps.days > $longest then $longest else gaps.days end
)

select * from final
