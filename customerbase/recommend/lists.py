"""Both lists of every customer, in blocks of users, with the reason of each row."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

import customerbase.recommend.reasons as reasons
from customerbase.recommend.candidates import Source
from customerbase.recommend.evaluation import AGAIN, NEW, picked
from customerbase.recommend.highest import Highest
from customerbase.recommend.measures import best_of
from customerbase.recommend.models import Likeness
from customerbase.recommend.newcomers import Popular
from customerbase.recommend.purchases import Purchases
from customerbase.recommend.ranker import blocks
from customerbase.recommend.rules import Rules
from customerbase.recommend.study import Study
from customerbase.threads import in_order

KINDS = (AGAIN, NEW)
SPARE = 40  # items that newcomers' lists are cut from, so that owned durable goods can be left out
TYPES = {"user": "int32", "kind": "int8", "rank": "int8", "item": "int32", "score": "float64", "reason": "int8",
         "because": "int32"}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows of recommendations: places of customers and products, place of the list in KINDS, rank, score, reason, because.

    Sorted by customer, list and rank; because: -1 where no product is behind the row.
    """

    user: np.ndarray
    kind: np.ndarray
    rank: np.ndarray
    item: np.ndarray
    score: np.ndarray
    reason: np.ndarray
    because: np.ndarray

    @classmethod
    def joined(cls, parts: list["Rows"]) -> "Rows":
        """Several, in few bytes. Each is sorted, and of the same customer one list stands before the other."""
        fields = {
            name: np.concatenate([getattr(one, name).astype(kind, copy=False) for one in parts])
            for name, kind in TYPES.items()
        }
        if (fields["user"][1:] >= fields["user"][:-1]).all():
            return cls(**fields)
        order = np.argsort(fields["user"], kind="stable")
        return cls(**{name: values[order] for name, values in fields.items()})

    def customers(self) -> int:
        """How many customers have a row; rows are sorted by customer."""
        return int((np.diff(self.user) != 0).sum()) + 1 if len(self.user) else 0

    def table(self, customers: np.ndarray, products: np.ndarray, as_of) -> pa.Table:
        """The table recommendations; customers, products: the ids of the places."""
        ids, goods = pa.array(customers, pa.string()), pa.array(products, pa.string())
        behind = pa.array(self.because, pa.int32(), mask=self.because < 0)

        def named(codes, words) -> pa.Array:
            return pa.DictionaryArray.from_arrays(codes, words)

        return pa.table(
            {
                "customer_id": named(pa.array(self.user, pa.int32()), ids),
                "list": named(pa.array(self.kind, pa.int8()), pa.array(KINDS)),
                "rank": pa.array(self.rank, pa.int32()),
                "product_id": named(pa.array(self.item, pa.int32()), goods),
                "score": pa.array(self.score, pa.float64()),
                "reason": named(pa.array(self.reason, pa.int8()), pa.array(reasons.REASONS)),
                "because_product_id": named(behind, goods),
                "as_of": pa.repeat(pa.scalar(as_of, pa.date32()), len(self.user)),
            }
        )


@dataclass(frozen=True)
class Offered:
    """What may be offered to whom. allowed: of all products; path: of durable goods a number each kind, else -1.

    spoken_of: which products may stand as a reason: what is excluded (adult, medical) is not named on anybody's list. owned: customer and kind as one number, sorted.
    """

    allowed: np.ndarray
    spoken_of: np.ndarray
    path: np.ndarray
    owned: np.ndarray
    length: int

    @classmethod
    def of(
        cls, purchases: Purchases, goods: pd.DataFrame, rules: Rules, cutoff: int, kinds: pd.DataFrame | None = None
    ) -> "Offered":
        """goods: one row a product, in the order of purchases.products (offer_products.sql); kinds: see Rules.held_back."""
        held, durable = rules.held_back(goods, kinds), rules.durable(goods, kinds)
        names = np.where(goods["path"].notna(), goods["path"], goods["product_id"]).astype(str)
        names = np.where(goods["product_id"].isin(rules.durable_products), goods["product_id"].astype(str), names)
        codes, _ = pd.factorize(names, sort=True)
        path = np.where(durable, codes, -1)
        mine = path[purchases.item]
        recent = (mine >= 0) & (cutoff - purchases.day <= rules.durable_days)
        owned = np.unique(purchases.user[recent].astype(np.int64) * (len(path) + 1) + mine[recent])
        return cls(held.isna().to_numpy(), ~rules.excluded(goods, kinds), path, owned, rules.length)

    def owns(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Whether a customer has a durable good of the item's kind."""
        if not len(self.owned):
            return np.zeros(len(user), dtype=bool)
        key = user.astype(np.int64) * (len(self.path) + 1) + self.path[item]
        place = np.minimum(np.searchsorted(self.owned, key), len(self.owned) - 1)
        return (self.path[item] >= 0) & (self.owned[place] == key)


def lists(study: Study, offered: Offered, people: pd.DataFrame, workers: int | None = None) -> tuple[Rows, np.ndarray]:
    """Rows of every customer of the purchases and of `people`, and the ids of their places.

    Known customers get what the chosen models say; whoever bought nothing that is still sold gets what is popular where
    they belong, and no list to buy again. workers: threads, as many as cores by default; the rows are the same.
    """
    purchases, window = study.window.purchases, study.window
    ours = set(purchases.customers)
    others = np.array(sorted({one for one in people["customer_id"] if one not in ours}), dtype=object)
    customers = np.concatenate([purchases.customers, others])
    items = window.items
    source = replace(study.source, allowed=offered.allowed[items], spoken_of=offered.spoken_of[items])
    models = {kind: study.model(kind) for kind in KINDS}
    highest = {kind: Highest(model, source) for kind, model in models.items() if model is not None}
    work = partial(_block, study, source, highest, offered)
    users = np.arange(len(window.users))
    first = [work(users[:1])] if len(users) else []  # all that is made once is made here and not in several threads
    parts = [*first, *in_order(work, blocks(users[1:]), workers), *_newcomers(study, offered, people, customers)]
    return Rows.joined(parts or [_empty()]), customers


def _block(study: Study, source: Source, highest: dict[str, Highest], offered: Offered, users: np.ndarray) -> Rows:
    """Both lists of a block of users of the window."""
    window, learnt = source.window, [kind for kind in KINDS if kind not in highest]

    def free(row: np.ndarray, item: np.ndarray) -> np.ndarray:
        return ~offered.owns(window.users[users[row]], window.items[item])

    if learnt:
        found = source.of(users, known=AGAIN in learnt, new=NEW in learnt)
        chance = study.ranker.chance(window, found)
    parts, likeness = [], _likeness(source, highest)
    for place, kind in enumerate(KINDS):
        if kind in learnt:
            mine = np.flatnonzero((found.bought == (kind == AGAIN)) & free(found.row, found.item))
            row, item, score = found.row[mine], found.item[mine], chance[mine]
            key = score if kind == AGAIN else picked(score, window, item, study.choice.discount)
            best, _ = best_of(row, item, key, offered.length)
            row, item, score = row[best], item[best], score[best]
        elif kind == AGAIN:
            row, item, score = highest[kind].again(users, free)
        else:
            row, item, score = highest[kind].new(users, free, offered.length)
        best, rank = best_of(row, item, score, offered.length)  # picked by one order, shown by the chance
        parts.append(_explained(source, users, place, row[best], item[best], score[best], rank, likeness))
    return Rows.joined(parts)


def _likeness(source: Source, highest: dict[str, Highest]) -> Likeness:
    """What gives reasons of new things: the model that picked them where it knows which item speaks for which."""
    model = highest[NEW].model if NEW in highest else None
    return model if isinstance(model, Likeness) else source.likeness


def _explained(source: Source, users, place: int, row, item, score, rank, likeness: Likeness) -> Rows:
    window = source.window
    because = np.full(len(row), -1, dtype=np.int64)
    if KINDS[place] == AGAIN:
        why = reasons.of_known(source, users, row, item)
    else:
        why, because = reasons.of_new(source, users, row, item, likeness)
    behind = np.where(because >= 0, window.items[np.maximum(because, 0)], -1)
    kind = np.full(len(row), place, dtype=np.int8)
    return Rows(window.users[users[row]], kind, rank, window.items[item], score, why, behind)


def _newcomers(study: Study, offered: Offered, people: pd.DataFrame, customers: np.ndarray) -> Iterator[Rows]:
    """New things for whoever has no row in the window, by where they belong."""
    window, purchases = study.window, study.window.purchases
    known = np.zeros(len(customers), dtype=bool)
    known[window.users] = True
    unknown = np.flatnonzero(~known)
    popular = Popular.of(window, people, offered.allowed[window.items], SPARE)
    category = _main_category(purchases, ~known[: len(purchases.customers)])
    told = people.drop_duplicates("customer_id").set_index("customer_id").reindex(customers[unknown])
    mains = [category.get(int(user)) for user in unknown]
    belongs = [popular.place(*one) for one in zip(mains, told["store"], told["people"], strict=True)]
    places: dict[object, list[int]] = {}
    for user, where in zip(unknown.tolist(), belongs, strict=True):
        places.setdefault(where, []).append(user)
    for where in sorted(places):
        users = np.array(places[where])
        at, share, why = popular.lists[where]
        row, place = np.repeat(users, len(at)), np.tile(np.arange(len(at)), len(users))
        items = window.items[at]
        free = ~offered.owns(row, items[place])
        row, place = row[free], place[free]
        best, rank = best_of(row, place, -place.astype(float), offered.length)
        row, place = row[best], place[best]
        n, kind = len(row), KINDS.index(NEW)
        yield Rows(
            row, np.full(n, kind, np.int8), rank, items[place], share[place], np.full(n, why, np.int8), np.full(n, -1)
        )


def _main_category(purchases: Purchases, wanted: np.ndarray) -> dict[int, str]:
    """The category that each of the wanted customers bought from on most days; equals: the first by name."""
    kind = purchases.category[purchases.item]
    kept = (kind >= 0) & wanted[purchases.user]
    n = max(len(purchases.categories), 1)
    pairs, days = np.unique(purchases.user[kept].astype(np.int64) * n + kind[kept], return_counts=True)
    order = np.lexsort((pairs % n, -days, pairs // n))
    users, first = np.unique((pairs // n)[order], return_index=True)
    names = [str(one) for one in purchases.categories]
    return {user: names[code] for user, code in zip(users.tolist(), (pairs[order][first] % n).tolist(), strict=True)}


def _empty() -> Rows:
    return Rows(*(np.empty(0, dtype=np.int64) for _ in range(4)), np.empty(0), *(np.empty(0, dtype=np.int64),) * 2)
