-- One row per eligible customer who answered a survey on a scale or wrote a review: how satisfied they said they are.
with

sums as (
    select
        seen_opinions.customer_id,
        count(*) as opinions,
        count(case when seen_opinions.age <= 365 then 1 end) as opinions_365,
        min(seen_opinions.age) as days_since_last_opinion,
        max(
            struct_pack(
                event_at := seen_opinions.event_at,
                source_system := seen_opinions.source_system,
                source_row_id := seen_opinions.source_row_id,
                score := seen_opinions.score
            )
        ) filter (where seen_opinions.score is not null) as latest,
        max(
            struct_pack(
                event_at := seen_opinions.event_at,
                source_system := seen_opinions.source_system,
                source_row_id := seen_opinions.source_row_id,
                score := seen_opinions.score
            )
        ) filter (where seen_opinions.kind = 'nps') as latest_nps
    from seen_opinions
    inner join snapshot_customers on seen_opinions.customer_id = snapshot_customers.customer_id
    group by seen_opinions.customer_id
),

final as (
    select
        customer_id,
        opinions,
        opinions_365,
        days_since_last_opinion,
        latest.score as last_satisfaction,
        latest_nps.score * 10 as last_nps_answer
    from sums
)

select * from final
