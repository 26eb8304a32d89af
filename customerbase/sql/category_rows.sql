-- One row per eligible customer of the cutoff and general category of category_names: what the customer does, what they
-- have bought of the category (null: never), and whether they bought it in the window (0 where that is not known yet).
-- A share of the customers, drawn by a digest of customer and cutoff: from $from_digest up to below $until_digest (16
-- hexadecimal digits; '' to 'g' takes all).
with

customers as (
    select
        customer_id,
        days_since_last_purchase,
        days_since_first_purchase,
        purchase_days,
        purchase_days_30,
        purchase_days_90,
        purchase_days_365,
        purchase_days_decayed,
        silence_ratio,
        spend_365,
        lines_365,
        categories,
        categories_365,
        top_category_share
    from snapshots
    where cutoff = $cutoff
        and substring(md5(concat(customer_id, cast(cutoff as varchar))), 1, 16) >= $from_digest
        and substring(md5(concat(customer_id, cast(cutoff as varchar))), 1, 16) < $until_digest
),

final as (
    select
        customers.*,
        category_names.category,
        category_names.place,
        category_own.days_since_last_purchase as own_days_since_last_purchase,
        category_own.days_since_first_purchase as own_days_since_first_purchase,
        category_own.purchase_days as own_purchase_days,
        category_own.purchase_days_90 as own_purchase_days_90,
        category_own.purchase_days_365 as own_purchase_days_365,
        category_own.gross_365 as own_gross_365,
        case when category_bought.customer_id is null then 0 else 1 end as label_bought
    from customers
    cross join category_names
    left join category_own
        on customers.customer_id = category_own.customer_id and category_names.category = category_own.category
    left join category_bought
        on customers.customer_id = category_bought.customer_id and category_names.category = category_bought.category
)

select * from final
