-- One row per type of order line: how many, their amount, and how many belong to no customer.
with

months as (
    select line_type, lines, amount, anonymous_lines from line_types
),

final as (
    select
        line_type,
        cast(sum(lines) as bigint) as count,
        cast(sum(amount) as decimal(18, 2)) as amount,
        cast(sum(anonymous_lines) as bigint) as anonymous
    from months
    group by line_type
)

select * from final order by count desc, line_type
