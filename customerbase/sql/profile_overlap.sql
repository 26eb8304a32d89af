-- One row per combination of source systems that customers stand in, from the result profile.
with

people as (
    select systems, orders, net_spend from profile
),

final as (
    select
        systems,
        length(systems) - length(replace(systems, ';', '')) + 1 as system_count,
        count(*) as customers,
        count(case when orders > 0 then 1 end) as buyers,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend
    from people
    group by systems
)

select * from final order by customers desc, systems
