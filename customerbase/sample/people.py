"""Who the customers are: names, households, tastes, and the hidden rates that drive what they do."""

from dataclasses import dataclass

import numpy as np

from customerbase.sample.world import PAST_DAYS, World

BLOCK = 20_000
LIFETIME_SHAPE, LIFETIME_SCALE = 0.8, 110.0  # drop-out rates: gamma, mean shape / scale a day (Pareto/NBD)
RATE_SHAPE, RATE_SCALE = 0.42, 48.0  # order rates: gamma, mean shape / scale a day
SPEND_SHAPE, SPEND_MEAN = 3.4, 5600.0  # mean basket: inverse gamma with this shape and mean, yen
REFILL_SHARE = 0.12  # people who come back when a consumable is used up


@dataclass
class People:
    """One block of people: arrays with one entry per person; times in days since the first day of the history."""

    block: int
    person: np.ndarray  # number over all blocks, from 1
    surname: np.ndarray
    given: np.ndarray  # index into women, then men
    female: np.ndarray
    birth: np.ndarray  # datetime64[D]
    household: np.ndarray  # person number of the first of the household
    twin: np.ndarray  # same birth date as the person before, in one household
    city: np.ndarray
    address: np.ndarray  # seed number of the address: town, block and building follow from it
    phone: np.ndarray  # eight digits of the household's telephone
    mobile: np.ndarray
    joined: np.ndarray
    dropout: np.ndarray
    rate: np.ndarray
    mean_spend: np.ndarray
    satisfaction: np.ndarray
    refill: np.ndarray  # index into the company's refills, -1 for none
    refill_days: np.ndarray
    taste: np.ndarray  # [person, category] cumulated shares
    occupation: np.ndarray
    old_form: np.ndarray  # writes the surname with older characters
    home_store: np.ndarray

    def __len__(self) -> int:
        return len(self.person)


def blocks(customers: int) -> list[tuple[int, int, int]]:
    """(block, first person, people) for each block of at most BLOCK people."""
    return [(start // BLOCK, start + 1, min(BLOCK, customers - start)) for start in range(0, customers, BLOCK)]


def make_people(world: World, block: int, first: int, count: int) -> People:
    """The people of one block, drawn from the block's own stream."""
    rng = world.stream("people", block)
    who = _identity(world, rng, count)
    how = _behaviour(world, rng, count, who["birth"])
    who["household"] = who["household"] + first
    return People(block=block, person=np.arange(first, first + count), **who, **how)


def _zipf(count: int, start: float) -> np.ndarray:
    weight = 1 / (np.arange(count) + start)
    return weight / weight.sum()


def _identity(world: World, rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    names, company = world.names, world.company
    female = rng.random(count) < 0.74
    women, men = len(names["women"]), len(names["men"])
    who = {
        "surname": rng.choice(len(names["surnames"]), count, p=_zipf(len(names["surnames"]), 9)),
        "given": np.where(female, rng.integers(0, women, count), women + rng.integers(0, men, count)),
        "female": female,
        "birth": _births(world, rng, count),
        "household": np.arange(count),
        "city": rng.choice(len(company["cities"]), count, p=_city_weights(company)),
        "address": rng.integers(0, 1_000_000, count),
        "phone": rng.integers(0, 10_000_000, count),
        "mobile": rng.integers(0, 20_000_000, count),
        "occupation": rng.integers(0, len(company["occupations"]), count),
        "old_form": rng.random(count) < 0.3,
    }
    _share_households(rng, who, count)
    prefectures = [store[2] for store in company["stores"]]
    home = np.array([prefectures.index(city[0]) for city in company["cities"]])
    who["home_store"] = home[who["city"]]
    return who


def _births(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    age = np.clip(rng.gamma(9, 4.8, count), 20, 92)
    return np.datetime64(world.last_month) - np.floor(age * 365.25).astype("timedelta64[D]")


def _city_weights(company: dict) -> np.ndarray:
    weight = {store[2]: store[7] for store in company["stores"]}
    prefectures = [city[0] for city in company["cities"]]
    raw = np.array([weight[pref] / prefectures.count(pref) for pref in prefectures])
    return raw / raw.sum()


def _share_households(rng: np.random.Generator, who: dict[str, np.ndarray], count: int) -> None:
    """Every second person of some pairs lives with the one before: same surname, address, phone; a few are twins."""
    place = np.arange(1, count, 2)
    place = place[rng.random(len(place)) < 0.24]
    for key in ("surname", "household", "city", "address", "phone", "old_form"):
        who[key][place] = who[key][place - 1]
    twin = np.zeros(count, dtype=bool)
    twin[place] = rng.random(len(place)) < 0.06
    for key in ("birth", "female"):
        who[key][twin] = who[key][np.flatnonzero(twin) - 1]
    shift = np.flatnonzero(twin)  # a twin's given name differs, and stays within the sex
    who["given"][shift] = np.where(who["female"][shift], (who["given"][shift - 1] + 1) % 50, 62 + shift % 36)
    who["twin"] = twin


def _behaviour(world: World, rng: np.random.Generator, count: int, birth: np.ndarray) -> dict[str, np.ndarray]:
    joined = np.sort(_join_days(world, rng, count))
    content = rng.normal(0, 1, count)
    life = rng.exponential(1, count) / rng.gamma(LIFETIME_SHAPE, 1 / LIFETIME_SCALE, count)
    spend = SPEND_MEAN * (SPEND_SHAPE - 1) / rng.gamma(SPEND_SHAPE, 1, count)
    age = (np.datetime64(world.last_month) - birth).astype(int) / 365.25
    refills = world.company["refills"]
    refill = np.where(rng.random(count) < REFILL_SHARE, rng.integers(0, len(refills), count), -1)
    typical = np.array([days for _, days in refills], dtype=float)[refill]
    shares = np.array([entry[5] for entry in world.company["categories"]])
    taste = rng.gamma(np.tile(shares * 6, (count, 1)))
    taste = np.cumsum(taste, axis=1)
    return {
        "joined": joined,
        "dropout": joined + life * np.exp(0.35 * content),
        "rate": rng.gamma(RATE_SHAPE, 1 / RATE_SCALE, count),
        "mean_spend": np.clip(spend * np.exp(0.005 * (age - 43)), 400, 60_000),
        "satisfaction": content,
        "refill": refill,
        "refill_days": np.where(refill >= 0, typical * np.exp(rng.normal(0, 0.15, count)), np.nan),
        "taste": taste / taste[:, -1:],
    }


def _join_days(world: World, rng: np.random.Generator, count: int) -> np.ndarray:
    """Days of joining: before and during the history alike, a little more as time goes on, with the seasons."""
    existing = rng.random(count) < PAST_DAYS / (PAST_DAYS + world.days)
    weight = world.season[PAST_DAYS : PAST_DAYS + world.days] * np.exp(0.0001 * np.arange(world.days))
    day = rng.choice(world.days, count, p=weight / weight.sum()) + rng.random(count)
    return np.where(existing, rng.uniform(-PAST_DAYS, 0, count), day)
