-- One row per class of customer lifetime value that has customers; classes end at 1, 2, 5, 10, 20, 50 … of the currency.
with

customers as (
    select cast(cltv as double) as v from cltv where cltv is not null
),

decades as (
    select v, case when v > 0 then power(cast(10 as double), floor(log10(v))) else 0.0 end as decade from customers
),

classes as (
    select v, case when v >= 5 * decade then 5 * decade when v >= 2 * decade then 2 * decade else decade end as low
    from decades
),

final as (
    select low, count(*) as customers from classes group by low
)

select * from final order by low
