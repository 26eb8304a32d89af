-- One row per customer whom the month that ended with $day published, under the id that the person has today.
-- Where several ids have become one since, the person's row is that of the id that lives on, else of the first; the
-- others keep their dead id: as customers of their own they are gone. The person's value then is that of all of them.
with

published as (
    select
        rfm_history.customer_id,
        coalesce(id_aliases.customer_id, rfm_history.customer_id) as living_id,
        rfm_history.r,
        rfm_history.f,
        rfm_history.m,
        cast(rfm_history.cltv as decimal(18, 2)) as cltv
    from rfm_history
    left join id_aliases on rfm_history.customer_id = id_aliases.alias_id
    where rfm_history.month = $day
),

placed as (
    select
        customer_id,
        living_id,
        r,
        f,
        m,
        row_number() over (
            partition by living_id order by case when customer_id = living_id then 0 else 1 end, customer_id
        ) as place,
        cast(sum(cltv) over (partition by living_id) as decimal(18, 2)) as cltv
    from published
),

final as (
    select
        case when place = 1 then living_id else customer_id end as customer_id,
        r,
        f,
        m,
        case when place = 1 then cltv end as cltv
    from placed
)

select * from final
