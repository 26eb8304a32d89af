"""What each person is offered, for lists that greet everybody with their own: the first of each recommendation list."""

from collections.abc import Mapping

from customerbase.engine import Engine
from customerbase.errors import TableError

READ = ("recommendations", "products")
LISTS = ("buy_again", "new_for_you")


def nothing(db: Engine) -> None:
    """Make offered and audience_title without rows: nobody asked for offers."""
    columns = ", ".join(f"{one}_id varchar, {one}_name varchar" for one in LISTS)
    db.execute(f"create or replace temp table offered (customer_id varchar, {columns})")
    db.execute("create or replace temp table audience_title (audience varchar, title varchar)")


def prepare(db: Engine, tables: Mapping[str, object], language: str) -> None:
    """Make offered (customer_id, <list>_id, <list>_name) and audience_title (audience, title) of a published month.

    A product has the name that the first source system by name gives it, none where no list of products knows it.
    Titles: of the table audiences where the month has it. Raises TableError for a month without recommendations.
    """
    if missing := [one for one in READ if one not in tables]:
        raise TableError(
            f"--with-offers: the published month lacks {', '.join(missing)}; expected the tables of 01_quality and"
            " 08_recommend. Publish the month with that stage, or leave --with-offers out."
        )
    for name in READ:
        db.register(name, tables[name])
    firsts = ", ".join(
        f"max(product_id) filter (list = '{one}') as {one}_id, max(name) filter (list = '{one}') as {one}_name"
        for one in LISTS
    )
    db.connection.execute(f"""create or replace temp table offered as
        with first as (
          select customer_id, list, arg_min(product_id, rank) as product_id from recommendations group by all
        ), named as (
          select product_id, arg_min(name, source_system) as name from products where name is not null group by all
        )
        select customer_id, {firsts} from first left join named using (product_id) group by customer_id""")
    if "audiences" in tables:
        db.register("audiences", tables["audiences"])
        db.connection.execute(f"""create or replace temp table audience_title as
            select audience, min(title_{language}) as title from audiences group by audience""")


def entitle(db: Engine, audience: str) -> None:
    """Make this_audience, one row: the title of the audience that is judged, its code where it has none."""
    db.execute(
        """create or replace temp table this_audience as
           select coalesce((select title from audience_title where audience = $a), $a) as audience_title""",
        a=audience,
    )
