-- One row per record: which raw text is the family name, the given name, and their readings.
-- A name that stands whole in one column is split; one that cannot be split stays where it was written.
with

parts as (
    select
        customers_src.source_system,
        customers_src.source_customer_id,
        coalesce(whole_last.family, whole_first.family, customers_src.last_name) as family,
        coalesce(whole_last.given, whole_first.given, customers_src.first_name) as given,
        coalesce(whole_last_kana.family, whole_first_kana.family, customers_src.last_kana) as family_kana,
        coalesce(whole_last_kana.given, whole_first_kana.given, customers_src.first_kana) as given_kana
    from customers_src
    left join _full_names as whole_last
        on case when customers_src.first_name is null then customers_src.last_name end = whole_last.raw
    left join _full_names as whole_first
        on case when customers_src.last_name is null then customers_src.first_name end = whole_first.raw
    left join _full_names as whole_last_kana
        on case when customers_src.first_kana is null then customers_src.last_kana end = whole_last_kana.raw
    left join _full_names as whole_first_kana
        on case when customers_src.last_kana is null then customers_src.first_kana end = whole_first_kana.raw
),

final as (
    select * from parts
)

select * from final
