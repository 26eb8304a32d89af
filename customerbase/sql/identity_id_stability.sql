-- One row per month (the only one): how many customers of the month before are not, or not wholly, under the id they had.
--   customers_before   ids with records in the month before
--   changed            of these, ids that merged into another, lost records to another one, or have no records any more
-- Reads the view id_changes_of.
with

changes as (
    select * from id_changes_of
),

before as (
    select customer_id from changes where change in ('kept', 'merged', 'retired')
),

moved as (
    select customer_id from changes where change in ('merged', 'retired')
    union
    select other_id as customer_id from changes where change in ('split', 'revived')
),

final as (
    select
        cast($month as date) as month,
        count(*) as customers_before,
        count(moved.customer_id) as changed,
        cast($most_changed as double) as most_changed
    from before
    left join moved on before.customer_id = moved.customer_id
)

select * from final
