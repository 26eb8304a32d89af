-- One row per name that stands whole in one column: the other of the pair is empty, the text holds a blank or a comma.
with

written as (
    select last_name as value from customers_src where first_name is null
    union all
    select first_name as value from customers_src where last_name is null
    union all
    select last_kana as value from customers_src where first_kana is null
    union all
    select first_kana as value from customers_src where last_kana is null
),

final as (
    select value from written where value like '% %' or value like '%　%' or value like '%,%'
)

select * from final
