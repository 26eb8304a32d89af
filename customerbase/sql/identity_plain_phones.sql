-- One row per distinct telephone number of Japan written in digits, blanks, hyphens and round brackets, as nearly all
-- are: what standard_phone would answer. The patterns are those of customerbase.text.phones, for the number behind 0 or +81.
with

written as (
    select distinct phone as raw from customers_src where phone is not null
),

dialled as (
    select raw, translate(raw, ' ()-', '') as digits
    from written
    where length(raw) <= $longest and (raw not like '%+%' or raw like '+%')
),

nationals as (
    select
        raw,
        case
            when digits like '+810%' then substr(digits, 5)
            when digits like '+81%' then substr(digits, 4)
            when digits like '0%' then substr(digits, 2)
        end as national
    from dialled
),

kinds as (
    select
        raw,
        '+81' || national as value,
        case
            when regexp_matches(national, '^(' || $mobile || ')$') then 'mobile'
            when regexp_matches(national, '^(' || $service || ')$') then 'other'
            when regexp_matches(national, '^(' || $fixed || ')$') then 'fixed'
        end as kind
    from nationals
),

final as (
    select
        raw,
        value,
        case when raw = value then 'ok' else 'fixed' end as status,
        kind
    from kinds
    where kind is not null
)

select * from final
