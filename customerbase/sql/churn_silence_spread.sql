-- One row per estimate: the sum over customers of the square of what each moves it by, all silences of a customer together.
-- churn_influence holds, for each estimate, what a silence of so many days moves it by, in whole steps: a sum of integers
-- has one value in whatever order it is taken.
with

silences as (
    select * from churn_silences
),

influence as (
    select * from churn_influence
),

moved as (
    select influence.estimate, silences.customer_id, cast(sum(influence.steps) as decimal(19, 0)) as steps
    from silences
    inner join influence on silences.days = influence.days and silences.is_ended = influence.is_ended
    where influence.is_first = 0 or silences.number = 1
    group by influence.estimate, silences.customer_id
),

final as (
    select estimate, cast(sum(steps * steps) as decimal(38, 0)) as squares
    from moved
    group by estimate
)

select * from final order by estimate
