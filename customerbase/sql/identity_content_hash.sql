-- One row per customer record in standard form, with the digest of everything that linking compares: a record whose
-- digest has not changed needs no new comparison.
with

final as (
    select
        *,
        md5(
            concat_ws(
                '|',
                coalesce(family_folded, '-'), coalesce(given_folded, '-'),
                coalesce(family_kana, '-'), coalesce(given_kana, '-'),
                coalesce(postal_code, '-'), coalesce(prefecture, '-'), coalesce(city, '-'), coalesce(town, '-'),
                coalesce(block, '-'), coalesce(building, '-'),
                coalesce(email, '-'), coalesce(phone, '-'), coalesce(cast(birth_date as varchar), '-'),
                coalesce(gender, '-'), coalesce(member_number, '-')
            )
        ) as content_hash
    from _standard
)

select * from final
