-- One row per pair (segment at the previous month's end, segment now) that has customers.
-- A customer unknown then or now has the segment $absent_before or $absent_now on that side.
with

before as (
    select customer_id, segment from segment_members_before
),

now_members as (
    select customer_id, segment from segment_members
),

moves as (
    select
        coalesce(before.segment, $absent_before) as from_segment,
        coalesce(now_members.segment, $absent_now) as to_segment
    from before
    full outer join now_members on before.customer_id = now_members.customer_id
),

final as (
    select from_segment, to_segment, count(*) as customers
    from moves
    group by from_segment, to_segment
)

select * from final order by from_segment, to_segment
