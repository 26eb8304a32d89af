-- One row per link between two accounts of one customer: the key or the model that joined them, how sure, and since when.
-- An account that only a decision of people holds has a row without a second account. Accounts are numbered within
-- the customer, so that no id of a source system stands here.
with

since as (
    select source_system, source_customer_id, customer_id, valid_from
    from id_history
    where valid_to is null
),

members as (
    select
        identity_links.customer_id,
        identity_links.source_system || ':' || identity_links.source_customer_id as record_id,
        identity_links.source_system,
        identity_links.rule,
        since.valid_from
    from identity_links
    left join since
        on identity_links.source_system = since.source_system
        and identity_links.source_customer_id = since.source_customer_id
        and identity_links.customer_id = since.customer_id
    where identity_links.cluster_size > 1
),

accounts as (
    select *, row_number() over (partition by customer_id order by record_id) as account from members
),

links as (
    select
        a.customer_id,
        a.account as account_a,
        a.source_system as system_a,
        b.account as account_b,
        b.source_system as system_b,
        coalesce(identity_edges.rule, 'model') as rule,
        identity_edges.match_weight,
        identity_edges.match_probability,
        identity_edges.evidence,
        case when a.valid_from > b.valid_from then a.valid_from else b.valid_from end as joined
    from identity_edges
    inner join accounts as a on identity_edges.record_a = a.record_id
    inner join accounts as b on identity_edges.record_b = b.record_id and a.customer_id = b.customer_id
    where identity_edges.state = 'kept'
    union all
    select customer_id, account, source_system, null, null, rule, null, null, null, valid_from
    from accounts
    where rule = 'decision'
),

final as (
    select
        customer_id,
        cast(
            row_number() over (partition by customer_id order by account_a, account_b) as integer
        ) as link,
        cast(account_a as integer) as account_a,
        system_a,
        cast(account_b as integer) as account_b,
        system_b,
        rule,
        match_weight,
        match_probability,
        evidence,
        joined
    from links
)

select * from final
