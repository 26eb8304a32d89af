-- One row per customer of then or now: the segments on the way from what was published then to today.
--   published_segment  as published then, under today's definitions of the segments
--   from_segment       as of then by today's data: what came in late, or who is whom, makes the difference
--   between_segment    today's behaviour under the cut points of then: real movement makes the difference
--   to_segment         today: moved cut points make the difference
--   reversed_segment   the behaviour of then under today's cut points: the other order of the last two steps
-- Nothing published then ($is_published false): published_segment is from_segment.
-- record: whether the segment of then stands as published; cause: which of the other steps changed the segment.
with

published as (
    select customer_id, segment, cltv from movement_published
),

now_members as (
    select customer_id, segment from movement_now
),

customers as (
    select customer_id from published
    union
    select customer_id from now_members
),

joined as (
    select
        customers.customer_id,
        published.segment as published_segment,
        movement_then.segment as then_segment,
        movement_between.segment as between_segment,
        movement_reversed.segment as reversed_segment,
        now_members.segment as now_segment,
        published.cltv as cltv_before,
        cast(cltv.cltv as decimal(18, 2)) as cltv_now
    from customers
    left join published on customers.customer_id = published.customer_id
    left join movement_then on customers.customer_id = movement_then.customer_id
    left join movement_between on customers.customer_id = movement_between.customer_id
    left join movement_reversed on customers.customer_id = movement_reversed.customer_id
    left join now_members on customers.customer_id = now_members.customer_id
    left join cltv on customers.customer_id = cltv.customer_id
),

-- an id that is nobody's today was merged into another: it left by that alone
steps as (
    select
        customer_id,
        coalesce(now_segment, $absent_now) as to_segment,
        case when now_segment is null then $absent_now else coalesce(then_segment, $absent_before) end as from_segment,
        coalesce(between_segment, $absent_now) as between_segment,
        case when now_segment is null then $absent_now else coalesce(reversed_segment, $absent_before) end as reversed_segment,
        case
            when $is_published then coalesce(published_segment, $absent_before)
            when now_segment is null then $absent_now
            else coalesce(then_segment, $absent_before)
        end as published_segment,
        cltv_before,
        cltv_now
    from joined
),

final as (
    select
        customer_id,
        published_segment,
        from_segment,
        between_segment,
        reversed_segment,
        to_segment,
        case
            when not $is_published then 'unknown'
            when published_segment = from_segment then 'as_published'
            else 'corrected'
        end as record,
        case
            when to_segment = $absent_now then 'merged'
            when from_segment = $absent_before then 'arrived'
            when from_segment = to_segment and from_segment = between_segment then 'stayed'
            when from_segment = to_segment then 'cancelled'
            when between_segment = to_segment then 'real'
            when between_segment = from_segment then 'cut_points'
            else 'both'
        end as cause,
        case
            when to_segment = $absent_now then 'merged'
            when from_segment = $absent_before then 'arrived'
            when from_segment = to_segment and from_segment = reversed_segment then 'stayed'
            when from_segment = to_segment then 'cancelled'
            when reversed_segment = from_segment then 'real'
            when reversed_segment = to_segment then 'cut_points'
            else 'both'
        end as cause_in_other_order,
        cltv_before,
        cltv_now
    from steps
)

select * from final
