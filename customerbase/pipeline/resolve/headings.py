"""What the columns of any list of people are for linking: by their headings, by a mapping, and by what they hold."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from customerbase.errors import ConfigError, near_miss
from customerbase.identity.generic import ROLES, Column
from customerbase.sources import guess_columns
from customerbase.sources.guess_columns import POSSIBLE
from customerbase.sources.guess_diagnosis import Diagnosis
from customerbase.sources.guess_headers import Candidate, fold

_CANONICAL = {
    "last_name": "family", "first_name": "given", "last_kana": "family_kana", "first_kana": "given_kana",
    "company": "company", "postal_code": "postcode", "pref": "pref", "city": "city", "address1": "street",
    "address2": "building", "email": "email", "phone": "phone", "birth_date": "birth", "gender": "gender",
    "registered_at": "row", "updated_at": "row", "status": "row", "member_number": "code", "source_customer_id": "id",
}  # fmt: skip
_BY_CONTENT = {
    "email": "email", "phone": "phone", "postal": "postcode", "pref": "pref", "gender": "gender", "date": "date",
    "flag": "category",
}  # fmt: skip
# headings that number rows or hold the answer itself: never compared, whatever stands below them
_ANSWERS = frozenset(
    [
        *(
            "id",
            "recid",
            "recordid",
            "uniqueid",
            "rowid",
            "uid",
            "uuid",
            "guid",
            "index",
            "rowindex",
            "row",
            "rownumber",
        ),
        *("no", "number", "seq", "sequence", "unnamed0", "indexlevel0", "cluster", "clusterid", "label", "entity"),
        *(
            "entityid",
            "personid",
            "trueid",
            "matchid",
            "groupid",
            "goldenid",
            "番号",
            "連番",
            "行番号",
            "通番",
            "通し番号",
        ),
    ]
)
_FULL = frozenset(
    [
        *("name", "fullname", "customername", "clientname", "billingname", "shippingname", "personname", "contactname"),
        *(
            "patientname",
            "displayname",
            "氏名",
            "お名前",
            "名前",
            "顧客名",
            "会員名",
            "会員氏名",
            "お客様名",
            "得意先名",
        ),
        *(
            "注文者名",
            "購入者名",
            "漢字氏名",
            "氏名漢字",
            "氏名カナ",
            "カナ氏名",
            "フリガナ",
            "ふりがな",
            "カナ",
            "氏名フリガナ",
        ),
        *("お名前フリガナ", "お名前カナ", "顧客名カナ"),
    ]
)
_PLACE = frozenset(
    [
        *("place", "birthplace", "town", "city", "village", "county", "country", "region", "district", "area", "state"),
        *("province", "prefecture", "suburb", "street", "address", "borough", "parish", "locality"),
    ]
)
_POSTCODE = frozenset(["postcode", "postal", "zip", "zipcode", "plz"])
_PLACE_SIGNS = re.compile("住所|所在地|出身|本籍|都道府県|市区町村|町名|番地|国籍|地域|県|市$|町$|村$")
_FIRST = frozenset(["first", "given", "forename", "fore"])
_BIRTH_YEARS = 25  # years that an unnamed column of dates must span to be taken for birth dates


def columns_of(diagnosis: Diagnosis, told: dict[str, str], ignore: Iterable[str] = ()) -> list[Column]:
    """The columns of one file with their roles; told: heading -> role, from a mapping."""
    asked = {fold(name) for name in ignore}
    made = [
        Column(
            one.name, one.name, told.get(one.name) or _role(one), one.profile.form.formats if one.profile.form else ()
        )
        for one in diagnosis.columns
    ]
    made = [replace(one, role="ignore") if fold(one.name) in asked else one for one in made]
    return _settled(made, diagnosis, told)


def _role(column: guess_columns.Column) -> str:
    """The role of one column by itself."""
    heading = fold(column.name)
    if heading in _ANSWERS:
        return "id"
    found = _best(column.candidates)
    if found is None:
        return _by_words(column) or _BY_CONTENT.get(column.profile.kind, "text")
    role = _CANONICAL.get(found.target.split(".")[1], "text")
    if role == "id":
        return "id" if column.profile.unique else "code"
    word = fold(found.word)
    if role == "family" and found.how == "part" and word == "name":
        return "text"  # middle name, name of mother
    if role == "family" and (word in _FULL or _FIRST & _tokens(column.name)):
        return "full"
    return "full_kana" if role == "family_kana" and word in _FULL else role


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    ours = [
        one
        for one in candidates
        if one.target.startswith("customers_src.") and one.score >= POSSIBLE and not one.against
    ]
    by_heading = [one for one in ours if one.how != "content"]
    return max(by_heading, key=lambda one: (one.score, one.target), default=None)


def _by_words(column: guess_columns.Column) -> str | None:
    """The role that a word of the heading says, where the dictionary does not know the heading or doubts it."""
    if column.profile.kind in ("date", "email", "phone"):
        return None
    tokens = _tokens(column.name)
    if _POSTCODE & tokens or "郵便" in column.name:
        return "postcode"
    return "place" if _PLACE & tokens or _PLACE_SIGNS.search(column.name) else None


def _tokens(heading: str) -> set[str]:
    return {token.casefold() for token in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", heading)}


def _settled(columns: list[Column], diagnosis: Diagnosis, told: dict[str, str]) -> list[Column]:
    """Roles that only all columns together settle: full name or last name, birth date or another, running numbers."""
    roles = {one.role for one in columns}
    made = []
    for one in columns:
        values = [text.strip() for text in diagnosis.frame[one.name].dropna().tolist() if text.strip()]
        role = one.role
        if one.name not in told:
            if role == "full" and "given" in roles and "family" not in roles:
                role = "family"
            elif (
                role == "family"
                and "given" not in roles
                and _share(values, lambda text: " " in text or "\u3000" in text) > 0.5
            ):
                role = "full"
            elif role == "family_kana" and "given_kana" not in roles and "given" not in roles:
                role = "full_kana"
            elif role == "date" and "birth" not in roles and _span(one, values) >= _BIRTH_YEARS:
                role = "birth"
            elif role in ("text", "code") and _running(values):
                role = "id"
        made.append(replace(one, role=role))
    return made


def _share(values: Sequence[str], test) -> float:
    return sum(map(test, values)) / len(values) if values else 0.0


def _span(column: Column, values: Sequence[str]) -> int:
    """Years between an early and a late date of the column: registrations span few, births many."""
    years = sorted(int(match[0]) for text in values[:2000] if (match := re.search(r"(?:1[4-9]|20)\d\d", text)))
    return years[-1 - len(years) // 20] - years[len(years) // 20] if years else 0


def _running(values: Sequence[str]) -> bool:
    """Whether the values number the rows: whole numbers, all different, with hardly a gap between them."""
    if len(values) < 20 or not all(text.isascii() and text.isdigit() and len(text) < 16 for text in values):
        return False
    numbers = {int(text) for text in values}
    return len(numbers) >= 0.99 * len(values) and max(numbers) - min(numbers) < 1.2 * len(numbers)


# --- a mapping -----------------------------------------------------------------------------------------------------


def read_mapping(path: Path) -> tuple[dict[str, str], list[str]]:
    """Heading -> role, and headings to ignore, from a YAML file: `columns: {heading: role}`, or a draft of the doctor.

    A role is one of identity.generic.ROLES or a column of customers_src. Raises ConfigError naming the near miss.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(content, dict) or not {"columns", "files"} & content.keys():
        raise ConfigError(f"{path}: expected `columns: {{heading: role}}`, or `files:` as `doctor --out` writes them.")
    if "columns" in content:
        told = {str(heading): _known(path, str(role)) for heading, role in _dict(path, content["columns"]).items()}
        return told, [str(name) for name in content.get("ignore") or []]
    return _from_draft(path, content["files"])


def _from_draft(path: Path, files: object) -> tuple[dict[str, str], list[str]]:
    told: dict[str, str] = {}
    ignored: list[str] = []
    for item in files if isinstance(files, list) else []:
        tables = _dict(path, _dict(path, item).get("tables") or {})
        for table in tables.values():
            for canonical, headings in (_dict(path, table).get("columns") or {}).items():
                for heading in headings if isinstance(headings, list) else [headings]:
                    if canonical in _CANONICAL:
                        told.setdefault(str(heading), _full_or(canonical, str(heading)))
        ignored += [str(name) for name in item.get("ignore") or []]
    return told, ignored


def _full_or(canonical: str, heading: str) -> str:
    role = _CANONICAL[canonical]
    full = {"family": "full", "family_kana": "full_kana"}.get(role)
    return full if full and fold(heading) in _FULL else role


def _known(path: Path, role: str) -> str:
    if role in ROLES:
        return role
    if role in _CANONICAL:
        return _CANONICAL[role]
    options = sorted({*ROLES, *_CANONICAL})
    raise ConfigError(f"{path}: unknown role {role!r}; expected one of {', '.join(options)}.{near_miss(role, options)}")


def _dict(path: Path, value: object) -> dict:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {value!r} stands where a mapping of keys to values is expected.")
    return value
