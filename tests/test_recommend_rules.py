"""`recommend:` of a pipeline file: what it may say, what it is told when it says something else, and what it holds back."""

import pandas as pd
import pytest

from customerbase.errors import ConfigError
from customerbase.recommend import Rules, read_rules

GOODS = pd.DataFrame(
    [
        ("A", "Drink > Wine", 900.0, 5.0, "active"),
        ("B", "Drink > Tea", 300.0, 0.0, "active"),
        ("C", "Drinks", 50.0, None, "active"),
        ("D", None, 500.0, None, "discontinued"),
        ("E", "Home > Fridge", 90_000.0, None, "hidden"),
    ],
    columns=["product_id", "path", "price", "stock", "status"],
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"exclude_category": ["x"]}, "unknown key 'exclude_category'. Did you mean 'exclude_categories'?"),
        ({"exclude_products": "A"}, ".exclude_products is 'A'; expected a list of names"),
        ({"exclude_products": [1]}, r"is \[1\]; expected a list of names \(numbers in quotes\)"),
        ({"min_price": "100"}, ".min_price is '100'; expected a number, 0 or more"),
        ({"min_price": True}, ".min_price is True"),
        ({"durable_days": 1.5}, "expected a whole number"),
        ({"length": 11}, ".length is 11; expected 1 to 10"),
        ({"statuses": ["actve"]}, "has 'actve'; expected of active, hidden, discontinued. Did you mean 'active'?"),
        ({"min_price": 10, "max_price": 5}, "min_price 10 is above max_price 5"),
    ],
)
def test_what_cannot_be_is_refused_with_the_near_miss(content, said):
    with pytest.raises(ConfigError, match=f"shop.yaml: recommend.*{said}"):
        read_rules(content, "shop.yaml")


def test_nothing_said_holds_back_what_is_not_on_sale_or_out_of_stock():
    held = read_rules({}, "shop.yaml").held_back(GOODS)
    assert held.tolist() == [None, "out_of_stock", None, "discontinued", "discontinued"]


def test_categories_hold_back_all_below_them_and_nothing_beside():
    held = Rules(exclude_categories=("Drink",), statuses=("active", "hidden", "discontinued")).held_back(GOODS)
    assert held.tolist() == ["excluded_category", "out_of_stock", None, None, None]


def test_products_and_prices():
    rules = Rules(exclude_products=("A",), min_price=100, max_price=1_000, min_stock=0, statuses=("active", "hidden"))
    assert rules.held_back(GOODS).tolist() == ["excluded_product", None, "price", "discontinued", "price"]


def test_a_misspelt_category_or_product_stops_the_month():
    with pytest.raises(ConfigError, match=r"exclude_categories names 'Drink > Wines'.*Did you mean 'Drink > Wine'"):
        Rules(exclude_categories=("Drink > Wines",)).held_back(GOODS)
    with pytest.raises(ConfigError, match="durable_products names 'Z'"):
        Rules(durable_products=("Z",)).held_back(GOODS)
    bare = GOODS.assign(path=None)
    rules = Rules(exclude_categories=("Drink",))
    assert rules.unheard(bare) and not rules.unheard(GOODS)
    assert rules.held_back(bare).tolist()[0] is None
