-- One row per alias, one jump further: an alias of an alias becomes an alias of what that one names.
with

aliases as (
    select * from assign_aliases
),

final as (
    select
        aliases.alias_id,
        coalesce(further.customer_id, aliases.customer_id) as customer_id,
        aliases.since,
        aliases.records,
        aliases.reason
    from aliases
    left join aliases as further on aliases.customer_id = further.alias_id
)

select * from final
