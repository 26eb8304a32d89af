"""A seeded maker of messy people: noisy repeated records of one person, and the traps that make linking merge too much.

`people("historical", 500, seed=1)` gives the records and, apart from them, who each one really is. Regimes differ in
how many records a person has, how much of each is spoilt, and how many people look alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

COLUMNS = (
    *("unique_id", "full_name", "first_name", "surname", "dob", "birth_place", "postcode_fake"),
    *("gender", "occupation", "email"),
)


def words(text: str) -> list[str]:
    return text.split()


NO_MAIL = COLUMNS[:-1]
MALE = words(
    "john william thomas george james henry charles robert edward joseph richard arthur frederick alfred samuel david"
    " francis walter herbert albert peter alexander hugh philip edmund benjamin daniel matthew stephen andrew ernest"
    " harold michael ralph nicholas christopher anthony patrick simon lewis gilbert roger leonard reginald cecil"
    " nathaniel jonathan augustus archibald percy theodore horace isaac joshua miles oliver evan rhys owen angus"
)
FEMALE = words(
    "mary elizabeth anne margaret jane sarah catherine alice frances dorothy eleanor charlotte emma harriet emily"
    " florence caroline edith isabella martha susanna lucy louisa helen agnes rebecca julia ethel maria beatrice"
    " constance georgiana winifred mabel gertrude amelia sophia ada grace hannah rosamund ursula violet bridget"
    " matilda lydia philippa cecily marion vera"
)
SHORT = dict(
    pair.split("/")
    for pair in words(
        "john/jack william/will thomas/tom james/jim henry/harry charles/charlie robert/bob edward/ned joseph/joe"
        " richard/dick arthur/art frederick/fred alfred/alf samuel/sam david/dave francis/frank walter/wat albert/bert"
        " alexander/alec philip/phil benjamin/ben daniel/dan matthew/matt stephen/steve michael/mick anthony/tony"
        " patrick/pat nathaniel/nat jonathan/jon augustus/gus archibald/archie theodore/ted elizabeth/betty anne/nancy"
        " margaret/peggy sarah/sally catherine/kate frances/fanny dorothy/dolly eleanor/nell charlotte/lottie"
        " harriet/hattie emily/milly florence/flo caroline/carrie isabella/bella susanna/sue rebecca/becky matilda/tilly"
    )
)
HEADS = words(
    "ash black brad carl chad dal ever far glad hal har hart hather ken lang lit long mal mar mel mor nor oak pem pres"
    " rad rams red rose rother shel sher stan stir strat sut thorn thur tor wal war wen whit win wood wor wy acker barn"
    " beck bol cal clay craw cul den dun ell fen gar hol"
)
KINDS = ("st ", "great ", "little ", "north ", "upper ", "")
TAILS = words("ley ford ton well by ham worth field wick bury ridge combe stead shaw man son croft more land stock")
JOBS = words(
    "politician cricketer writer painter clergyman soldier footballer actor botanist engineer physician lawyer composer"
    " banker merchant architect journalist poet historian rower explorer chemist sculptor printer teacher surveyor"
)


@dataclass(frozen=True)
class Regime:
    """How messy: sizes and shares (0..1) of one kind of people."""

    sizes: tuple[int, int] = (1, 20)  # fewest and most records of a person, all sizes equally likely
    noise: float = 1.0  # multiplies every chance of a corruption
    missing: float = 1.0  # multiplies every chance that a value is absent
    towns: int = 250
    surnames: int = 1000
    skew: float = 0.8  # exponent of the name and town frequencies: higher = more people share the common ones
    years: tuple[int, int] = (1600, 1940)
    kin: float = 0.0  # share of people who are twin, child of the same name, or spouse of the person before
    placeholders: float = 0.0  # chance that a missing value is written as 'unknown', '1900-01-01', ...
    shared_mail: float = 0.0  # share of people who use their company's one address
    fields: tuple[str, ...] = COLUMNS  # other columns are always empty


REGIMES = {
    "historical": Regime(fields=NO_MAIL),
    "customers": Regime(sizes=(1, 3), noise=0.35, missing=0.5, years=(1930, 2008), kin=0.15, shared_mail=0.03),
    "clean": Regime(sizes=(1, 4), noise=0.12, missing=0.2, years=(1930, 2008)),
    "families": Regime(sizes=(1, 8), noise=0.7, missing=0.7, kin=0.5, shared_mail=0.05, placeholders=0.05),
    "placeholders": Regime(sizes=(1, 8), noise=0.7, placeholders=0.5, shared_mail=0.1, kin=0.1),
    "one_town": Regime((1, 10), noise=0.8, towns=6, surnames=120, skew=1.0, years=(1850, 1900), fields=NO_MAIL),
    "few_fields": Regime(
        sizes=(1, 8), noise=0.7, fields=("full_name", "first_name", "surname", "dob", "postcode_fake")
    ),
    "long_lives": Regime(sizes=(20, 60), noise=0.8, fields=NO_MAIL),
    "wreck": Regime(sizes=(1, 20), noise=1.5, missing=1.5, kin=0.1, fields=NO_MAIL),
}


@dataclass(frozen=True)
class Person:
    gender: str
    names: tuple[str, ...]
    surname: str
    title: str
    dob: str
    town: int
    postcode: str
    job: str
    email: str


class Maker:
    def __init__(self, regime: Regime, seed: int):
        self.regime, self.random = regime, np.random.default_rng([seed, 20261])
        every = [head + tail for head in HEADS for tail in TAILS]
        self.surnames = list(self.random.permutation(every)[: regime.surnames])
        places = [f"{kind}{head}{tail}" for kind in KINDS for head in HEADS for tail in ("minster", "mouth", "port")]
        self.towns = list(self.random.permutation(places)[: regime.towns])
        letters = np.array(list("abcdefghijklmnoprstuwy"))
        self.areas = ["".join(self.random.choice(letters, 2)) for _ in range(max(1, regime.towns // 4))]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def common(self, values: list, skew: float | None = None):
        """One value, the first ones of the list more often (frequency falls as rank ** -skew)."""
        weights = np.arange(1, len(values) + 1, dtype=float) ** -(self.regime.skew if skew is None else skew)
        return values[self.random.choice(len(values), p=weights / weights.sum())]

    def postcode(self, town: int) -> str:
        return f"{self.areas[town // 4 % len(self.areas)]}{town % 4 * 5 + self.random.integers(1, 6)} {self._inward()}"

    def _inward(self) -> str:
        return f"{self.random.integers(1, 10)}{''.join(self.random.choice(list('abdehjlnpqrs'), 2))}"

    def person(self) -> Person:
        gender = "male" if self.chance(0.7) else "female"
        pool = MALE if gender == "male" else FEMALE
        names = tuple(dict.fromkeys(self.common(pool) for _ in range(1 + self.random.choice(3, p=[0.45, 0.4, 0.15]))))
        surname = self.common(self.surnames, self.regime.skew * 0.8)
        town = self.common(list(range(self.regime.towns)), self.regime.skew * 0.6)
        title = f"{self.common(['sir', '1st baron', '2nd baronet', 'captain'])} {surname}" if self.chance(0.2) else ""
        mail = f"info@{self.common(JOBS)}.example" if self.chance(self.regime.shared_mail) else ""
        mail = mail or f"{names[0]}.{surname}{self.random.integers(100)}@post.example"
        return Person(
            gender, names, surname, title, self.birthday(), town, self.postcode(town), self.common(JOBS), mail
        )

    def birthday(self, first: int | None = None) -> str:
        """A day of birth; one in ten people know only the year and write 1 January."""
        year = self.random.integers(*self.regime.years) if first is None else first + self.random.integers(20, 40)
        if self.chance(0.1):
            return f"{year}-01-01"
        return f"{year}-{self.random.integers(1, 13):02d}-{self.random.integers(1, 29):02d}"

    def relative(self, of: Person) -> Person:
        """A twin, a child of the same name, or a spouse: same surname, same address, often more."""
        other = replace(self.person(), surname=of.surname, town=of.town, postcode=of.postcode)
        match self.random.choice(["twin", "namesake", "spouse"]):
            case "twin":
                pool = MALE if of.gender == "male" else FEMALE
                names = (self.common([name for name in pool if name != of.names[0]]), *of.names[1:])
                return replace(other, gender=of.gender, names=names, dob=of.dob, job=of.job)
            case "namesake":
                return replace(other, gender=of.gender, names=of.names, dob=self.birthday(int(of.dob[:4])), job=of.job)
            case _:
                gender, pool = ("female", FEMALE) if of.gender == "male" else ("male", MALE)
                near = self.birthday(int(of.dob[:4]) - 30)
                return replace(other, gender=gender, names=(self.common(pool),), email=of.email, dob=near)

    def people(self, count: int) -> Iterator[Person]:
        last = None
        for _ in range(count):
            last = self.relative(last) if last and self.chance(self.regime.kin) else self.person()
            yield last

    def typo(self, word: str) -> str:
        """The word with one letter lost, doubled, changed, or two swapped."""
        if len(word) < 4:
            return word
        at, kind = self.random.integers(1, len(word) - 1), self.random.integers(4)
        middle = ("", word[at] * 2, "aeiourstn"[self.random.integers(9)], word[at + 1] + word[at])[kind]
        return word[:at] + middle + word[at + 1 + (kind == 3) :]

    def written_name(self, person: Person, spoil: float) -> str:
        """One way to write the name: short forms, initials, lost or swapped parts, titles, typing errors."""
        names, surname = list(person.names), person.surname
        if self.chance(0.45 * spoil) and names[0] in SHORT:
            names[0] = SHORT[names[0]]
        elif self.chance(0.12 * spoil):
            names[0] = names[0][0]
        if len(names) > 1 and self.chance(0.25 * spoil):
            names.pop(0)  # known by the second name
        if self.chance(0.6):
            del names[1:]
        if self.chance(0.1 * spoil):
            surname = self.typo(surname)
        if self.chance(0.06 * spoil):
            names[0] = self.typo(names[0])
        parts = [*names, surname]
        if person.title and self.chance(0.5 * spoil):
            parts = [*names, *person.title.split()[:-1], "of", self.towns[person.town].split()[-1]]
        if self.chance(0.05 * spoil):
            parts = [surname, *names]
        if self.chance(0.05 * spoil):
            parts.pop(self.random.integers(len(parts)))
        return " ".join(parts)

    def written_dob(self, person: Person, spoil: float) -> str:
        """The birthday as written: often the year alone (1 January), sometimes a wrong digit or another year."""
        dob = person.dob
        if self.chance(0.25 * spoil):
            dob = f"{dob[:4]}-01-01"
        if self.chance(0.08 * spoil):
            at = self.random.choice([2, 3, 6, 8, 9])
            dob = f"{dob[:at]}{self.random.integers(0, 2 if at in (6, 8) else 10)}{dob[at + 1 :]}"
        return dob

    def written_postcode(self, person: Person, spoil: float) -> str:
        """The postcode as written: sometimes another of the same district, or of a neighbouring town after a move."""
        if self.chance(0.3 * spoil):
            return f"{person.postcode.split()[0]} {self._inward()}"
        if self.chance(0.2 * spoil):
            return self.postcode((person.town + int(self.random.integers(1, 4))) % self.regime.towns)
        return person.postcode

    def record(self, person: Person) -> dict[str, str | None]:
        spoil = self.regime.noise * self.random.uniform(0.2, 1.8)
        absent = self.regime.missing * self.random.uniform(0.2, 1.8)
        name = self.written_name(person, spoil)
        job = self.common(JOBS) if self.chance(0.15 * spoil) else person.job
        values = {
            "full_name": (name, 0.0, ""),
            "dob": (self.written_dob(person, spoil), 0.12, "1900-01-01"),
            "birth_place": (self.towns[person.town], 0.25, "unknown"),
            "postcode_fake": (self.written_postcode(person, spoil), 0.2, "zz99 9zz"),
            "gender": (person.gender, 0.2, "unknown"),
            "occupation": (job, 0.4, "none"),
            "email": (person.email, 0.5, "test@test.example"),
        }
        found = {column: self._value(column, *value, absent) for column, value in values.items()}
        parts = (found["full_name"] or "").split()
        found["first_name"] = parts[0] if len(parts) > 1 else None
        found["surname"] = parts[-1] if parts else None
        return found

    def _value(self, column: str, value: str, share: float, placeholder: str, absent: float) -> str | None:
        if column not in self.regime.fields:
            return None
        if self.chance(min(share * absent, 0.9)):
            return placeholder if self.chance(self.regime.placeholders) else None
        return value


def people(regime: str | Regime, count: int, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Records of `count` people in random order, and per record the number of the person it is about."""
    chosen = REGIMES[regime] if isinstance(regime, str) else regime
    maker = Maker(chosen, seed)
    rows, truth = [], []
    for number, person in enumerate(maker.people(count)):
        for _ in range(maker.random.integers(chosen.sizes[0], chosen.sizes[1] + 1)):
            rows.append(maker.record(person))
            truth.append(number)
    order = maker.random.permutation(len(rows))
    records = pd.DataFrame([rows[at] for at in order]).astype(object)
    records.insert(0, "unique_id", [f"r{at:06d}" for at in range(len(rows))])
    return records[list(COLUMNS)], np.array(truth)[order]


def propose(records: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Pairs worth comparing (a < b): records that share two of name, birthday, place and postcode."""
    count, found = len(records), [np.empty(0, dtype=np.int64)]
    for one, other in combinations(("first_name", "surname", "dob", "birth_place", "postcode_fake"), 2):
        rows = records[[one, other]].dropna().reset_index(names="at")
        pairs = rows.merge(rows, on=[one, other])
        pairs = pairs[pairs["at_x"] < pairs["at_y"]]
        found.append((pairs["at_x"] * count + pairs["at_y"]).to_numpy(dtype=np.int64))
    return np.divmod(np.unique(np.concatenate(found)), count)


def weigh(records: pd.DataFrame, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The evidence, in bits, that records a and b are one person: a plain model of equal and different values.

    Equal values speak the more the rarer they are; a year alone speaks a little; the prior is one in 500 pairs.
    """
    total = np.full(len(a), -9.0)
    for column in COLUMNS[2:]:
        codes, _ = pd.factorize(records[column])
        share = np.bincount(codes + 1, minlength=2)[1:] / len(codes)
        left, right = codes[a], codes[b]
        rare = -np.log2(np.append(share, 1.0)[left]) - 0.5
        total += np.where((left < 0) | (right < 0), 0.0, np.where(left == right, rare, -2.0))
    years = pd.factorize(records["dob"].str[:4])[0]
    return total + np.where((years[a] == years[b]) & (years[a] >= 0), 3.0, 0.0)


def quality(label: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """F1, precision and recall over all pairs of records."""
    found, real = pairs_in(label), pairs_in(truth)
    both = pairs_in(label.astype(np.int64) * (truth.max() + 1) + truth)
    return 2 * both / (found + real), both / max(found, 1), both / max(real, 1)


def pairs_in(label: np.ndarray) -> int:
    size = np.unique(label, return_counts=True)[1]
    return int((size * (size - 1) // 2).sum())
