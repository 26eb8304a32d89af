-- One row per customer, channel and purpose that any of their accounts has spoken about: the state on the as-of day
-- ($until: the first instant after it). An account's state is its latest word about the channel or about `all`; over
-- the accounts the most restrictive holds: withdrawn anywhere is withdrawn, so a merge never widens a consent.
--   state__source  the row that decides: of the accounts in that state the latest word
with

statements as (
    select
        identity_links.customer_id,
        consents.source_system,
        consents.source_customer_id,
        consents.channel,
        consents.purpose,
        consents.changed_at,
        consents.source_row_id,
        case when consents.state = 'granted' then 1 else 0 end as granted
    from consents
    inner join identity_links
        on consents.source_system = identity_links.source_system
        and consents.source_customer_id = identity_links.source_customer_id
    where consents.changed_at < $until
),

subjects as (
    select distinct customer_id, channel, purpose from statements
),

words as (
    select
        subjects.customer_id,
        subjects.channel,
        subjects.purpose,
        statements.source_system,
        statements.source_customer_id,
        statements.changed_at,
        statements.source_row_id,
        statements.granted
    from subjects
    inner join statements
        on subjects.customer_id = statements.customer_id
        and subjects.purpose = statements.purpose
        and (subjects.channel = statements.channel or statements.channel = 'all')
),

account_states as (
    select
        customer_id,
        channel,
        purpose,
        source_system,
        max(struct_pack(changed_at := changed_at, refused := 1 - granted, source_row_id := source_row_id)) as latest
    from words
    group by customer_id, channel, purpose, source_system, source_customer_id
),

decided as (
    select
        customer_id,
        channel,
        purpose,
        count(*) as accounts,
        cast(sum(1 - latest.refused) as bigint) as accounts_granted,
        max(
            struct_pack(
                refused := latest.refused,
                changed_at := latest.changed_at,
                source_system := source_system,
                source_row_id := latest.source_row_id
            )
        ) as word
    from account_states
    group by customer_id, channel, purpose
),

final as (
    select
        customer_id,
        channel,
        purpose,
        case when word.refused = 0 then 'granted' else 'withdrawn' end as state,
        word.source_system || ':' || word.source_row_id as state__source,
        word.changed_at as changed_at,
        accounts,
        accounts_granted
    from decided
)

select * from final
