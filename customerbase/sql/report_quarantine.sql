-- One row per quarantine reason and severity: how many raw rows it concerns.
with

faults as (
    select distinct reason, severity, source_system, file, line from quarantine
),

final as (
    select reason, severity, count(*) as rows
    from faults
    group by reason, severity
)

select * from final order by reason, severity
