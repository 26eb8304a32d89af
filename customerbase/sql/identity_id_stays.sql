-- One row per record and id it ever held: its latest stay with that id.
-- A stay is broken by another id, while somebody else held this one. Absence does not break it, nor does a time with
-- another id in which nobody held this one: whoever merged and parted together is back where they were.
--   place      where the record stands now
--   since      first day of the stay
--   until      its last day; 9999-12-31 while it lasts
--   newcomer   1 when the record came from another id, 0 when it had none before
with

history as (
    select * from stay_rows
),

revivals as (
    select * from assign_revivals
),

neighbours as (
    select
        record_id,
        customer_id,
        place,
        asked,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        lag(customer_id) over (partition by record_id order by valid_from) as previous_id,
        lead(valid_from) over (partition by record_id order by valid_from) as next_from
    from history
),

returns as (
    select
        record_id,
        customer_id,
        place,
        valid_from,
        valid_to,
        previous_id,
        lag(next_from) over (partition by record_id, customer_id order by valid_from) as left_on
    from neighbours
    where asked = 1
),

breaks as (
    select
        returns.record_id,
        returns.customer_id,
        returns.place,
        returns.valid_from,
        returns.valid_to,
        returns.previous_id,
        case
            when returns.customer_id = returns.previous_id or revivals.rested < returns.left_on then 0
            else 1
        end as is_first
    from returns
    left join revivals
        on returns.customer_id = revivals.customer_id
        and returns.valid_from = revivals.valid_from
),

numbered as (
    select
        *,
        cast(
            sum(is_first) over (partition by record_id, customer_id order by valid_from) as bigint
        ) as stay
    from breaks
),

stays as (
    select
        record_id,
        customer_id,
        place,
        stay,
        min(valid_from) as since,
        max(valid_to) as until,
        max(case when is_first = 1 and previous_id is not null then 1 else 0 end) as newcomer
    from numbered
    group by record_id, customer_id, place, stay
),

latest as (
    select
        record_id,
        customer_id,
        max(stay) as stay
    from stays
    group by record_id, customer_id
),

final as (
    select
        stays.record_id,
        stays.customer_id,
        stays.place,
        stays.since,
        stays.until,
        stays.newcomer
    from stays
    inner join latest
        on stays.record_id = latest.record_id
        and stays.customer_id = latest.customer_id
        and stays.stay = latest.stay
)

select * from final
