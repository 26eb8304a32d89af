-- One row per name of a product sold: the letters that a page about offers has to print.
with

final as (
    select distinct name from products_sold
)

select * from final order by name
