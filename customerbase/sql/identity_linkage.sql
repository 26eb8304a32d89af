-- One row per record, what is compared: readings as one byte per kana, kanji with variants folded, telephones by kind.
-- idx numbers the records in the order of their ids, so that it does not depend on the order of rows.
-- Numbers of the length and form of Japanese mobiles are personal, whether or not their range is in use yet.
-- A house is a town and a block; a building alone says nothing without it.
with

described as (
    select
        source_system || ':' || source_customer_id as record_id,
        source_system,
        source_customer_id,
        case when regexp_matches(family_folded, '[一-龠々〆]') then family_folded end as family_kanji,
        case when regexp_matches(given_folded, '[一-龠々〆]') then given_folded end as given_kanji,
        family_sounds.sound as family_sound,
        given_sounds.sound as given_sound,
        strftime(birth_date, '%Y%m%d') as birth,
        case when phone_kind = 'mobile' or phone like '+81_0________' then phone end as mobile,
        case when phone_kind <> 'mobile' and phone not like '+81_0________' then phone end as fixed_phone,
        phone,
        email,
        nullif(split_part(email, '@', 1), '') as email_local,
        postal_code,
        prefecture,
        case when city is not null then coalesce(prefecture, '') || city end as city,
        case when town is not null then coalesce(prefecture, '') || coalesce(city, '') || town end as town,
        case when block is not null then coalesce(prefecture, '') || coalesce(city, '') || coalesce(town, '') || block end as house,
        building,
        case when gender in ('female', 'male') then gender end as gender,
        case when source_system = $member_system then source_customer_id else member_number end as member_number,
        content_hash
    from customers_std
    left join _sounds as family_sounds on coalesce(family_kana, family_folded) = family_sounds.raw
    left join _sounds as given_sounds on coalesce(given_kana, given_folded) = given_sounds.raw
),

final as (
    select row_number() over (order by record_id) - 1 as idx, * from described
)

select * from final
