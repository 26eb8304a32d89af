-- One row per id and place where records of it stand now: how good the place's claim to the id is (claim 1 = best).
-- The better claim is, in this order: held the id last; more founders (records with the id since before the first
-- newcomer from another id that is still there, so that a merge can be undone); without founders, held it longest;
-- more records that began with this id; more records; the smallest record.
--   held      records of the place that ever held the id
--   records   those of them that held it last
--   until     last day any of them held it; 9999-12-31 while it lasts
with

stays as (
    select * from assign_stays
),

ends as (
    select
        customer_id,
        max(until) as until
    from stays
    group by customer_id
),

newcomers as (
    select
        stays.customer_id,
        min(stays.since) as since
    from stays
    inner join ends on stays.customer_id = ends.customer_id and stays.until = ends.until
    where stays.newcomer = 1
    group by stays.customer_id
),

places as (
    select
        customer_id,
        place,
        max(until) as until,
        count(*) as held
    from stays
    group by customer_id, place
),

counted as (
    select
        places.customer_id,
        places.place,
        places.until,
        places.held,
        count(*) as records,
        count(case when newcomers.since is null or stays.since < newcomers.since then 1 end) as founders,
        count(case when stays.newcomer = 0 then 1 end) as natives,
        min(stays.since) as since,
        min(stays.record_id) as record_id
    from places
    inner join stays
        on places.customer_id = stays.customer_id
        and places.place = stays.place
        and places.until = stays.until
    left join newcomers on places.customer_id = newcomers.customer_id
    group by places.customer_id, places.place, places.until, places.held
),

final as (
    select
        customer_id,
        place,
        held,
        records,
        until,
        row_number() over (
            partition by customer_id
            order by
                until desc,
                founders desc,
                case when founders = 0 then since else until end,
                natives desc,
                records desc,
                record_id
        ) as claim
    from counted
)

select * from final
