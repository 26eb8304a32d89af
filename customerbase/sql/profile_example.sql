-- One row per customer who may serve as an example: of the groups of at least $k_min customers who share their systems
-- and their number of accounts those in most systems; the first row is the example. From the result profile.
with

people as (
    select
        customer_id,
        systems,
        accounts,
        case when orders > 0 then 0 else 1 end as without_orders,
        length(systems) - length(replace(systems, ';', '')) as further_systems
    from profile
),

groups as (
    select systems, accounts
    from people
    group by systems, accounts
    having count(*) >= $k_min
),

shared as (
    select people.*
    from people
    inner join groups on people.systems = groups.systems and people.accounts = groups.accounts
),

most as (
    select max(further_systems) as further_systems from shared
),

final as (
    select shared.customer_id, shared.without_orders, shared.accounts
    from shared
    inner join most on shared.further_systems = most.further_systems
)

select * from final order by without_orders, accounts, customer_id
