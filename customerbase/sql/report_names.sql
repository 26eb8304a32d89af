-- One row per name that a page about single customers may show: of campaigns, subjects of inquiries, categories, regions.
with

final as (
    select name from campaigns where name is not null
    union
    select detail as name from timeline where kind in ('inquiry', 'survey', 'registration') and detail <> ''
    union
    select favourite_category as name from profile where favourite_category is not null
    union
    select prefecture as name from profile where prefecture is not null
    union
    select member_rank as name from profile where member_rank is not null
)

select * from final order by name
