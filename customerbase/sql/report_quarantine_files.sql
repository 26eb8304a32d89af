-- One row per raw file, table, column, quarantine reason and severity: how many raw rows it concerns.
with

faults as (
    select distinct source_system, file, line, table_name, column_name, reason, severity from quarantine
),

final as (
    select source_system, file, table_name, column_name, reason, severity, count(*) as rows
    from faults
    group by source_system, file, table_name, column_name, reason, severity
)

select * from final order by source_system, file, table_name, column_name, reason, severity
