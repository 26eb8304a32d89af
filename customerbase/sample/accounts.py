"""Member records: one person as three systems write them down, with variants, moves, new surnames and typing errors."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.sample.memberships import Memberships
from customerbase.sample.people import People
from customerbase.sample.strings import Dates, choose, glue, half_kana, number, pad, romaji, take, wide_digits
from customerbase.sample.world import APP, POS, WEB, World

MOVED, RENAMED = 0.15, 0.04  # of later ids: another address, another surname (women)
TYPO = 0.015  # of names, telephones and birth dates, each
DOMAINS = ("example.com", "example.jp", "example.net", "example.org", "mail.example.com")


@dataclass
class Accounts:
    """The written form of each membership: Arrow columns and arrays, one entry per membership."""

    ids: pa.Array
    last: pa.Array
    first: pa.Array
    last_kana: pa.Array
    first_kana: pa.Array
    city: np.ndarray
    postal: pa.Array
    town: pa.Array
    building: pa.Array
    email: pa.Array
    phone: pa.Array
    birth: np.ndarray  # days since the first day, NaN where not given
    sex: np.ndarray  # 1 male, 2 female, 0 not given
    withdrawn: np.ndarray
    registered: np.ndarray
    updated: np.ndarray
    changes: pa.Table  # what differs from the person's plain record: for the truth


def member_ids(members: Memberships) -> pa.Array:
    """The id each system prints: card 8000000001, web shop 1, app U0000001."""
    plain = number(members.number)
    card = glue("8", pad(members.number, 9))
    app = glue("U", pad(members.number, 7))
    return choose(members.system == POS, card, choose(members.system == APP, app, plain))


class Names:
    """All spellings of the company's surnames and given names, looked up by number."""

    def __init__(self, names: dict) -> None:
        self.kanji = [pair[0] for pair in names["surnames"]]
        self.kana = [pair[1] for pair in names["surnames"]]
        given = names["women"] + names["men"]
        self.given, self.given_kana = [pair[0] for pair in given], [pair[1] for pair in given]
        options = [names["variants"].get(name, [name]) for name in self.kanji]
        self.old = [words[0] for words in options]
        self.older = [words[-1] for words in options]
        self.has_old = np.array([name in names["variants"] for name in self.kanji])
        self.shop = [old if _in_cp932(old) else new for old, new in zip(self.old, self.kanji, strict=True)]


def _in_cp932(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def make_accounts(world: World, people: People, members: Memberships) -> Accounts:
    """Write down every membership of a block as its system would."""
    rng = world.stream("accounts", people.block)
    size, row = len(members), members.row
    later = members.kind > 0
    renamed = later & people.female[row] & (rng.random(size) < RENAMED)
    moved = later & (rng.random(size) < MOVED)
    surname = np.where(renamed, rng.integers(0, len(world.names["surnames"]), size), people.surname[row])
    last, first, last_kana, first_kana, spelling = _names(world, people, members, surname, rng)
    address = np.where(moved, rng.integers(0, 1_000_000, size), people.address[row])
    city = np.where(moved, rng.integers(0, len(world.company["cities"]), size), people.city[row])
    postal, town, building = _address(world, members, city, address, rng)
    birth, birth_typo = _birth(world, people, members, rng)
    phone, phone_typo = _phone(world, people, members, city, moved, rng)
    end = np.where(rng.random(size) < 0.03, people.dropout[row] + 60, np.inf)
    withdrawn = np.where(end < world.days, end, np.nan)
    registered = _registered(members)
    last_touch = np.where(np.isnan(withdrawn), registered + rng.exponential(90, size), withdrawn)
    changes = pa.table({
        "spelling": take(["plain", "old_characters", "romaji", "kana", "typing_error"], spelling),
        "renamed": renamed, "moved": moved, "birth_typo": birth_typo, "phone_typo": phone_typo,
    })  # fmt: skip
    sex = np.where(rng.random(size) < 0.06, 0, np.where(people.female[row], 2, 1))
    return Accounts(
        member_ids(members), last, first, last_kana, first_kana, city, postal, town, building,
        _email(world, people, members, rng), phone, birth, sex, withdrawn, registered,
        np.minimum(np.maximum(last_touch, registered), world.days - 0.5), changes,
    )  # fmt: skip


def _registered(members: Memberships) -> np.ndarray:
    """Shops note the day; online the account exists from the start of that day's hour."""
    return np.floor(members.since) + np.where(members.system == POS, 0, 1 / 1440)


def _names(world: World, people: People, members: Memberships, surname: np.ndarray, rng: np.random.Generator) -> tuple:
    names, row, size = Names(world.names), members.row, len(members)
    given = people.given[row]
    old = people.old_form[row] & names.has_old[surname] & (rng.random(size) < 0.6)
    old_words = choose(members.system == POS, take(names.shop, surname), take(names.old, surname))
    old_words = choose((members.system == WEB) & (people.person[row] % 3 == 0), take(names.older, surname), old_words)
    chance = rng.random(size)
    roman = (members.system == APP) & (chance < 0.25)
    kana_only = ~roman & (chance > 0.97)
    wrong = ~roman & ~kana_only & (rng.random(size) < TYPO)
    last_kana, first_kana = take(names.kana, surname), take(names.given_kana, given)
    first_kana = choose(wrong, take([_misread(kana) for kana in names.given_kana], given), first_kana)
    last = choose(old, old_words, take(names.kanji, surname))
    last = choose(roman, take([romaji(kana) for kana in names.kana], surname), choose(kana_only, last_kana, last))
    plain = take(names.given, given)
    roman_first = take([romaji(kana, long_vowels=True).title() for kana in names.given_kana], given)
    first = choose(roman, roman_first, choose(kana_only, first_kana, plain))
    narrow = members.system == POS
    last_kana = choose(narrow, take([half_kana(kana) for kana in names.kana], surname), last_kana)
    halves = take([half_kana(kana) for kana in names.given_kana], given)
    first_kana = choose(narrow & ~wrong, halves, first_kana)
    spelling = np.select([wrong, roman, kana_only, old], [4, 2, 3, 1], 0)
    return last, first, last_kana, first_kana, spelling


def _misread(kana: str) -> str:
    """A common slip at the keyboard: ユウコ becomes ユーコ, otherwise the last sign is missing or doubled."""
    if "ウ" in kana[1:]:
        return kana[0] + kana[1:].replace("ウ", "ー", 1)
    return kana[:-1] if len(kana) > 2 else kana + kana[-1]


def _address(world: World, members: Memberships, city: np.ndarray, address: np.ndarray, rng: np.random.Generator):
    cities, towns, buildings = (world.company[key] for key in ("cities", "towns", "buildings"))
    postal = glue(take([entry[2] for entry in cities], city), "-99", pad(address % 97, 2))
    chome, ban, go = address % 5 + 1, address // 5 % 30 + 1, address // 150 % 20 + 1
    short = glue(number(chome), "-", number(ban), "-", number(go))
    long = glue(number(chome), "丁目", number(ban), "番", number(go), "号")
    style = rng.random(len(members))
    block = choose(style < 0.25, long, short)
    wide = members.system == WEB
    digits = [str(value) for value in range(31)]
    spread = [take([wide_digits(text) for text in digits], part) for part in (chome, ban, go)]
    block = choose(wide & (style > 0.9), glue(spread[0], "－", spread[1], "－", spread[2]), block)
    town = glue(take(towns, address // 3000 % len(towns)), block)
    room = number(address // 7 % 8 * 100 + 101 + address % 5)
    building = glue(take(buildings, address // 11 % len(buildings)), room)
    return postal, town, choose(address % 100 < 45, building, None)


def _birth(world: World, people: People, members: Memberships, rng: np.random.Generator):
    """Birth day; at the till month and day are sometimes swapped or the day is one off."""
    birth = people.birth[members.row]
    typo = rng.random(len(members)) < TYPO
    day = (birth - np.datetime64(world.first_day)).astype(float)
    part = (birth - birth.astype("datetime64[M]")).astype(int)
    day = day + np.where(typo, np.where(part == 0, 1, -1), 0)
    given = rng.random(len(members)) < np.array([0.8, 0.9, 0.7])[members.system]
    return np.where(given, day, np.nan), typo


def _phone(world: World, people: People, members: Memberships, city, moved, rng: np.random.Generator):
    """A mobile number, or the household's telephone; all begin with 0 after the prefix: no exchange connects them."""
    size, row = len(members), members.row
    typo = rng.random(size) < TYPO
    mobile = people.mobile[row]
    mobile = np.where(typo, mobile // 100 * 100 + mobile % 10 * 10 + mobile // 10 % 10, mobile)
    prefix = take(["090", "080"], mobile // 10_000_000)
    rest = pad(mobile % 10_000_000, 7)
    head, tail = glue("0", pc.utf8_slice_codeunits(rest, 0, 3)), pc.utf8_slice_codeunits(rest, 3)
    area = take([entry[3] for entry in world.company["cities"]], city)
    home = np.where(moved, (people.phone[row] + 77_777) % 10_000_000, people.phone[row])
    exchange = choose(pc.equal(pc.utf8_length(area), 2).to_numpy(False), pad(home % 1000, 3), pad(home % 100, 2))
    land = glue(area, "-0", exchange, "-", pad(home // 1000 % 10_000, 4))
    style = rng.random(size)
    dashed, plain = glue(prefix, "-", head, "-", tail), glue(prefix, head, tail)
    world_form = glue("+81", take(["90", "80"], mobile // 10_000_000), head, tail)
    text = choose(members.system == WEB, choose(style < 0.7, plain, dashed), dashed)
    text = choose((members.system == APP) & (style < 0.5), world_form, text)
    at_home = (members.system != APP) & (people.person[row] % 10 < 3)
    return choose(style > 0.96, None, choose(at_home, land, text)), typo & ~at_home


def _email(world: World, people: People, members: Memberships, rng: np.random.Generator) -> pa.Array:
    """Addresses at reserved example domains only; shops rarely ask, some people use another one in the app."""
    names, row, size = Names(world.names), members.row, len(members)
    local = glue(
        take([romaji(kana).lower() for kana in names.given_kana], people.given[row]), ".",
        take([romaji(kana).lower() for kana in names.kana], people.surname[row]), number(people.person[row] * 7 % 9973),
        "x", number(people.person[row]),
    )  # fmt: skip
    other = (members.kind > 0) & (rng.random(size) < 0.25)
    local = choose(other, glue(local, "-2"), local)
    address = glue(local, "@", take(list(DOMAINS), people.person[row] % len(DOMAINS)))
    shout = rng.random(size) < 0.02
    address = choose(shout, pc.utf8_upper(address), address)
    return choose((members.system != POS) | (rng.random(size) < 0.15), address, None)


def birth_text(dates: Dates, world: World, birth: np.ndarray, form: str) -> pa.Array:
    """Birth days as text in `form` (they lie before every day the calendar of the history knows)."""
    moments = np.datetime64(world.first_day, "D") + np.nan_to_num(birth).astype("timedelta64[D]")
    return pc.strftime(pa.array(moments.astype("datetime64[s]"), mask=np.isnan(birth)), format=form)
