-- One row per run: customers, those with several accounts, and the net spend of both.
with

people as (
    select accounts, net_spend from profile
),

final as (
    select
        count(*) as customers,
        count(case when accounts > 1 then 1 end) as several,
        coalesce(cast(sum(net_spend) as decimal(18, 2)), 0) as net_spend,
        coalesce(cast(sum(case when accounts > 1 then net_spend end) as decimal(18, 2)), 0) as several_net_spend
    from people
)

select * from final
