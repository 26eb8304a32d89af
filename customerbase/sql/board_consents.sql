-- One row per channel and purpose that an account of $customer has spoken about.
with

final as (
    select purpose, channel, state, changed_at, accounts, accounts_granted
    from profile_consents
    where customer_id = $customer
)

select * from final order by purpose, channel
