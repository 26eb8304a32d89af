-- One row per group of hashed_members: the sum of its customers' digests, the same for the same customers in any order.
with

members as (
    select distinct label, customer_id from hashed_members
),

digests as (
    select label, cast('0x' || substring(sha256(customer_id), 1, 15) as bigint) as digest from members
),

final as (
    select label, cast(sum(cast(digest as decimal(38, 0))) as decimal(38, 0)) as digest from digests group by label
)

select * from final order by label
