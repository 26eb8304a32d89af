-- One row per segment by rule that $customer fits.
with

final as (
    select segment from segment_members where customer_id = $customer
)

select * from final order by segment
