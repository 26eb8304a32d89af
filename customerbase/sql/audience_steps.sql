-- One row per channel of one audience and person who fits its rule: the step at which they leave it, in this order:
-- excluded, no_consent, opted_out, frequency, cap, global_control, holdout; target for those to be contacted.
--   hold-outs   $control_below, $holdout_below: digests below which a person is kept back (customerbase/holdout.py)
--   cap         $most targets a channel, the first by `ranking`; equals in an order of their own hash ($tie), which tells
--               nothing of the hold-outs. Whoever is kept back stays where a target of their rank would: the cut is one
--               rank for all arms, so that they can be compared
with

asked as (
    select
        audience_fits.customer_id,
        audience_channels.channel,
        audience_channels.frequency,
        audience_fits.excluded,
        audience_fits.value,
        audience_fits.ranking
    from audience_fits
    cross join audience_channels
),

stated as (
    select
        asked.*,
        case
            when asked.excluded then 'excluded'
            when contactable.state is null then 'no_consent'
            when contactable.state <> 'granted' then 'opted_out'
            when coalesce(audience_taken.times, 0) >= asked.frequency then 'frequency'
        end as reason
    from asked
    left join contactable
        on asked.customer_id = contactable.customer_id and asked.channel = contactable.channel
    left join audience_taken
        on asked.customer_id = audience_taken.customer_id and asked.channel = audience_taken.channel
),

drawn as (
    select
        customer_id,
        channel,
        value,
        ranking,
        case
            when substring(sha256(concat('global:', customer_id)), 1, 16) < $control_below then 'global_control'
            when substring(sha256(concat($key, ':', customer_id)), 1, 16) < $holdout_below then 'holdout'
            else 'target'
        end as arm,
        case when $most is not null then sha256(concat($tie, ':', customer_id)) end as tie
    from stated
    where reason is null
),

ranked as (
    select
        customer_id,
        channel,
        value,
        arm,
        cast(
            sum(case when arm = 'target' then 1 else 0 end) over (
                partition by channel
                order by ranking desc nulls last, tie, customer_id
                rows between unbounded preceding and current row
            ) as bigint
        ) as targets
    from drawn
),

capped as (
    select
        customer_id,
        channel,
        value,
        case
            when $most is null then arm
            when arm = 'target' and targets <= $most then arm
            when arm <> 'target' and targets < $most then arm
            else 'cap'
        end as step
    from ranked
),

final as (
    select customer_id, channel, value, reason as step from stated where reason is not null
    union all
    select customer_id, channel, value, step from capped
)

select * from final
