-- One row per customer: the best of each contact field, from the view profile_contact_survivors; empty where no account
-- has a usable value.
with

people as (
    select distinct customer_id from identity_links
),

final as (
    select
        people.customer_id,
        best.family_name,
        best.given_name,
        best.family_kana,
        best.given_kana,
        best.name__source,
        best.company,
        best.company__source,
        best.postal_code,
        best.prefecture,
        best.city,
        best.town,
        best.block,
        best.building,
        best.address_level,
        best.address__source,
        best.email,
        best.email__source,
        best.phone,
        best.phone_kind,
        best.phone__source,
        best.birth_date,
        best.birth_date__source
    from people
    left join profile_contact_survivors as best on people.customer_id = best.customer_id
)

select * from final
