-- One row per run: ids of all source systems, those with a customer record, the systems, the customers behind them.
with

links as (
    select source_system, customer_id, in_customers_src from identity_links
),

final as (
    select
        count(*) as records,
        count(case when in_customers_src then 1 end) as known,
        count(distinct source_system) as systems,
        count(distinct customer_id) as customers
    from links
)

select * from final
