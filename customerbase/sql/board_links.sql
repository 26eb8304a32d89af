-- One row per link between two accounts of $customer.
with

final as (
    select link, account_a, system_a, account_b, system_b, rule, match_weight, match_probability, evidence, joined
    from merge_evidence
    where customer_id = $customer
)

select * from final order by link
