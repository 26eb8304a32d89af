-- One row per person and birthday in trigger_days, the days on which one may lie (29 February counts as the 28th in the
-- other years). The only file of triggers that reads contact data; who was born when is not told: no year of birth.
with

days as (
    select day, month_day from trigger_days
),

people as (
    select customer_id, month(birth_date) * 100 + day(birth_date) as month_day
    from contacts
    where birth_date is not null and birth_date < $until
),

final as (
    select
        people.customer_id,
        concat('birthday|', cast(year(days.day) as varchar)) as episode,
        cast(days.day as timestamp) as met_at,
        cast(null as varchar) as subject,
        cast(null as double) as measure,
        cast(null as double) as value
    from people
    inner join days on people.month_day = days.month_day
)

select * from final
