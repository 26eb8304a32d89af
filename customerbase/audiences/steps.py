"""Normalisation before hashing, step by step: every step is an SQL expression, named in the rules of the platforms.

A step takes a value in the standard form of customerbase.text (e-mail in lower case, telephone as E.164) and gives the
platform's form, or NULL where that platform has none for it. Nothing of this is ever stored in a table.
"""

from collections.abc import Callable, Iterable

# per person: several addresses, ranked / one value
MANY = ("email", "phone", "mobile")
ONE = ("customer_id", "line_user_id", "idfa", "aaid", "family_name", "given_name", "family_kana", "given_kana", "postal_code",
       "prefecture", "city", "street", "building", "country", "birth_date", "audience_title", "buy_again_id", "buy_again_name", "new_for_you_id",
       "new_for_you_name")  # fmt: skip
FIELDS = (*MANY, *ONE)

HASHED = "(?i)[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"  # MD5, SHA-1, SHA-256: somebody hashed it already
FORMULA = "[=+@\\t\\r\\n＝＋＠－−-]"  # what a spreadsheet takes for a formula when a cell begins so


def _gmail(x: str) -> str:
    local, domain = f"split_part({x}, '@', 1)", f"split_part({x}, '@', 2)"
    plain = f"replace(split_part({local}, '+', 1), '.', '')"
    return f"case when {domain} in ('gmail.com', 'googlemail.com') then concat({plain}, '@', {domain}) else {x} end"


STEPS: dict[str, Callable[[str], str]] = {
    "trim": lambda x: f"trim({x})",
    "lower": lambda x: f"lower({x})",
    "upper": lambda x: f"upper({x})",
    "no_spaces": lambda x: f"regexp_replace({x}, '\\s', '', 'g')",
    "no_hyphen": lambda x: f"replace({x}, '-', '')",
    # letters and figures of any script: marks, signs and blanks go
    "letters": lambda x: f"regexp_replace({x}, '[\\pP\\pS\\pZ\\s]', '', 'g')",
    # dots and +suffix mean nothing in the local part at Google, and nowhere else
    "gmail": _gmail,
    "e164": lambda x: x,
    "no_plus": lambda x: f"replace({x}, '+', '')",
    "domestic": lambda x: f"case when starts_with({x}, '+81') then concat('0', substring({x}, 4)) end",
    "dialled_in_japan": lambda x: (
        f"case when starts_with({x}, '+81') then concat('0', substring({x}, 4)) else concat('010', substring({x}, 2)) end"
    ),
    # a code that is none is left out: it stands in the clear, where a spreadsheet could run it
    "code": lambda x: f"regexp_extract({x}, '^[0-9A-Za-z]+$')",
    "postal": lambda x: f"regexp_replace({x}, '^([0-9]{{3}})([0-9]{{4}})$', '\\1-\\2')",
    "ymd": lambda x: f"strftime(cast({x} as date), '%Y%m%d')",
}


def normalised(column: str, steps: Iterable[str]) -> str:
    """The SQL expression for a column after these steps."""
    for step in steps:
        column = STEPS[step](column)
    return column
