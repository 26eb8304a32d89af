"""What to offer to whom: things to buy again and things that are new, by models judged on the month before."""

import customerbase.recommend.related as related
from customerbase.recommend.evaluation import Test, tested
from customerbase.recommend.measures import of_all, per_customer, top
from customerbase.recommend.month import Offers, of_log, offers
from customerbase.recommend.purchases import Purchases
from customerbase.recommend.rules import Rules, read_rules
from customerbase.recommend.study import Choice, Options, Study, choose, study

__all__ = [
    "Choice",
    "Offers",
    "Options",
    "Purchases",
    "Rules",
    "Study",
    "Test",
    "choose",
    "of_all",
    "of_log",
    "offers",
    "per_customer",
    "read_rules",
    "related",
    "study",
    "tested",
    "top",
]
