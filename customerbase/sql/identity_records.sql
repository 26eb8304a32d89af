-- One row per customer record: every standard value with its status, before values of nobody are taken out.
-- name_status and kana_status are the worse of the two parts': unparsed, then fixed, then ok;
-- a name of nobody (テスト) is blocked.
with

joined as (
    select
        customers_src.source_system,
        customers_src.source_customer_id,
        customers_src.source_row_id,
        family.value as family_name,
        given.value as given_name,
        family.folded as family_folded,
        given.folded as given_folded,
        coalesce(family_kana.value, family.kana) as family_kana,
        coalesce(given_kana.value, given.kana) as given_kana,
        concat(family.status, ' ', given.status) as name_statuses,
        concat(family_kana.status, ' ', given_kana.status) as kana_statuses,
        _companies.value as company,
        _companies.status as company_status,
        _postcodes.value as postal_code,
        _postcodes.status as postal_code_status,
        _places.prefecture,
        _places.city_std as city,
        _places.town,
        _places.block,
        _places.building,
        _places.level as address_level,
        _places.status as address_status,
        _emails.value as email,
        _emails.status as email_status,
        _phones.value as phone,
        _phones.kind as phone_kind,
        _phones.status as phone_status,
        customers_src.birth_date,
        case when customers_src.birth_date is not null then 'ok' end as birth_date_status,
        customers_src.gender,
        customers_src.occupation,
        customers_src.interests,
        customers_src.member_number,
        customers_src.status,
        customers_src.registered_at,
        customers_src.updated_at
    from customers_src
    inner join _name_parts
        on customers_src.source_system = _name_parts.source_system
        and customers_src.source_customer_id = _name_parts.source_customer_id
    left join _names as family on _name_parts.family = family.raw
    left join _names as given on _name_parts.given = given.raw
    left join _kana as family_kana on _name_parts.family_kana = family_kana.raw
    left join _kana as given_kana on _name_parts.given_kana = given_kana.raw
    left join _companies on customers_src.company = _companies.raw
    left join _postcodes on customers_src.postal_code = _postcodes.raw
    left join _emails on customers_src.email = _emails.raw
    left join _phones on customers_src.phone = _phones.raw
    left join _places
        on coalesce(customers_src.pref, '') = coalesce(_places.pref, '')
        and coalesce(customers_src.city, '') = coalesce(_places.city, '')
        and coalesce(customers_src.address1, '') = coalesce(_places.address1, '')
        and coalesce(customers_src.address2, '') = coalesce(_places.address2, '')
        and coalesce(customers_src.postal_code, '') = coalesce(_places.postal_code, '')
),

final as (
    select
        source_system,
        source_customer_id,
        source_row_id,
        family_name,
        given_name,
        family_folded,
        given_folded,
        family_kana,
        given_kana,
        company,
        company_status,
        postal_code,
        postal_code_status,
        prefecture,
        city,
        town,
        block,
        building,
        address_level,
        address_status,
        email,
        email_status,
        phone,
        phone_kind,
        phone_status,
        birth_date,
        birth_date_status,
        gender,
        occupation,
        interests,
        member_number,
        status,
        registered_at,
        updated_at,
        case
            when name_statuses like '%blocked%' then 'blocked'
            when name_statuses like '%unparsed%' then 'unparsed'
            when name_statuses like '%fixed%' then 'fixed'
            when name_statuses like '%ok%' then 'ok'
        end as name_status,
        case
            when kana_statuses like '%unparsed%' then 'unparsed'
            when kana_statuses like '%fixed%' then 'fixed'
            when kana_statuses like '%ok%' then 'ok'
        end as kana_status
    from joined
)

select * from final
