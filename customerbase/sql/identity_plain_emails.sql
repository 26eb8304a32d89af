-- One row per distinct e-mail address that is in standard form already, as nearly all are: what standard_email would
-- answer. $pattern and $longest: customerbase.text.emails.PLAIN and the characters it may have.
with

written as (
    select distinct email as raw from customers_src where email is not null
),

final as (
    select
        raw,
        raw as value,
        'ok' as status
    from written
    where length(raw) <= $longest and regexp_matches(raw, '^(' || $pattern || ')$')
)

select * from final
