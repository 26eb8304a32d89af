-- One row per eligible customer: when in the year and in the week they buy.
--   the coming month and quarter are the one and three calendar months from the cutoff on; a year earlier they are
--   [$month_start, $month_end) and [$month_start, $quarter_end); $month_1 to $month_3 are their numbers in the year
with

days as (
    select
        customer_id,
        day,
        age,
        amount,
        extract(month from day) as month_number,
        cast(date_trunc('month', day) as date) as month,
        date_diff('day', cast('1970-01-05' as date), day) % 7 as weekday
    from snapshot_days
),

weekdays as (
    select
        customer_id,
        weekday,
        count(*) as days
    from days
    group by customer_id, weekday
),

weeks as (
    select
        customer_id,
        max(days) as most,
        cast(sum(case when weekday >= 5 then days else 0 end) as bigint) as weekend
    from weekdays
    group by customer_id
),

years as (
    select
        customer_id,
        count(*) as purchase_days,
        count(distinct month) as active_months,
        count(distinct case when age <= 365 then month end) as active_months_365,
        count(case when day >= $month_start and day < $month_end then 1 end) as same_month,
        count(case when day >= $month_start and day < $quarter_end then 1 end) as same_quarter,
        cast(sum(case when day >= $month_start and day < $quarter_end then amount else 0 end) as decimal(18, 2)) as spent,
        count(case when month_number in ($month_1, $month_2, $month_3) then 1 end) as in_season
    from days
    group by customer_id
),

final as (
    select
        years.customer_id,
        years.active_months,
        years.active_months_365,
        years.same_month as purchase_days_same_month_last_year,
        years.same_quarter as purchase_days_same_quarter_last_year,
        years.spent as gross_same_quarter_last_year,
        cast(years.in_season as double) / years.purchase_days as coming_quarter_share,
        cast(weeks.most as double) / years.purchase_days as top_weekday_share,
        cast(weeks.weekend as double) / years.purchase_days as weekend_share
    from years
    inner join weeks on years.customer_id = weeks.customer_id
)

select * from final
