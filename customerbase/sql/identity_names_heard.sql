-- One row per distinct reading (or name written in letters) that has to be turned into sounds.
with

names as (
    select coalesce(family_kana, family_folded) as name from customers_std
    union
    select coalesce(given_kana, given_folded) as name from customers_std
),

final as (
    select name from names where name is not null
)

select * from final
