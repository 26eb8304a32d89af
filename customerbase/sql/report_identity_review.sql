-- One row per reason why pairs of records wait for people: how many pairs.
with

queue as (
    select reason from identity_review
),

final as (
    select reason, count(*) as pairs
    from queue
    group by reason
)

select * from final order by reason
