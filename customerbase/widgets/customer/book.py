"""What the published month knows of one customer, read by customer id alone, and never a table with contact data."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from customerbase.engine import Engine
from customerbase.tables import store
from customerbase.tables.schema import schema

ID = re.compile(r"C[0-9A-HJKMNP-TV-Z]{16}")  # of the ids that customerbase.identity gives
TABLES = (
    "campaigns",
    "churn",
    "churn_curves",
    "churn_reasons",
    "cltv",
    "id_aliases",
    "merge_evidence",
    "profile",
    "profile_consents",
    "propensity",
    "propensity_categories",
    "propensity_curves",
    "propensity_reasons",
    "repurchase_due",
    "rfm",
    "rfm_history",
    "sales_priority",
    "segment_members",
    "timeline",
)
LISTS = ("priority", "at_risk", "value")
MOST_LISTED = 12
MOST_EVENTS = 500
LONGEST = 64  # characters of what is typed: an id has 17
_ALIKE = str.maketrans("OIL", "011")  # letters that no id has, as people write them


@dataclass(frozen=True)
class Found:
    """What a typed text means: `state` is found, merged (`asked` is a former id of `customer`), malformed or unknown."""

    state: str
    customer: str = ""
    asked: str = ""
    since: date | None = None


def asked_for(text: object) -> str:
    """The customer id that a text writes (full width, lower case and blanks do not matter), or '' for any other text."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return ""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    written = plain[:1] + plain[1:].translate(_ALIKE)
    return written if ID.fullmatch(written) else ""


class Book:
    """The analysts' tables of one published month, looked up by customer id.

    tables: name -> Parquet file; a table that the month does not have is empty. Every method takes an id in the known
    form, and raises ValueError for anything else before any SQL is made.
    """

    tables: ClassVar[tuple[str, ...]] = TABLES  # those that are opened

    def __init__(self, tables: Mapping[str, Path], as_of: date):
        self.as_of, self.db = as_of, Engine()
        self._kept: dict[str, list[dict]] = {}  # what is the same for every customer
        self.db.execute("set parquet_metadata_cache = true")
        for name in self.tables:
            if name in tables:
                self.db.register(name, tables[name])
            else:
                store.empty(self.db, schema(name)).create_view(name, replace=True)

    def find(self, text: object) -> Found:
        """Whom a typed text means in this month."""
        asked = asked_for(text)
        if not asked:
            return Found("malformed")
        rows = self._rows("board_ids", customer=asked)
        if not rows:
            return Found("unknown", asked=asked)
        living = next((row for row in rows if row["since"] is None), None)
        row = living or rows[0]
        return Found("found" if living else "merged", row["customer_id"], asked, row["since"])

    def head(self, customer: str) -> dict | None:
        """Attributes and scores; None for a customer who is not in the month."""
        return next(iter(self._of(customer, "board_head")), None)

    def segments(self, customer: str) -> list[dict]:
        """Segment by published month, oldest first."""
        return self._of(customer, "board_segments", as_of=self.as_of)

    def rules(self, customer: str) -> list[str]:
        """Codes of the segments by rule that the customer fits."""
        return [row["segment"] for row in self._of(customer, "board_rules")]

    def reasons(self, customer: str) -> dict[str, list[dict]]:
        """Side (leaving, buying) -> reasons, the strongest first."""
        return self._by(self._of(customer, "board_reasons"), "side")

    def alike(self) -> dict[str, list[dict]]:
        """Side -> tenths of the customers tested: predicted, and what happened with its interval."""
        return self._by(self._shared("board_alike"), "side")

    def likely(self, customer: str) -> list[dict]:
        """The categories the customer is likeliest to buy from."""
        return self._of(customer, "board_likely")

    def consents(self, customer: str) -> list[dict]:
        """State of consent by purpose and channel."""
        return self._of(customer, "board_consents")

    def links(self, customer: str) -> list[dict]:
        """Links between the customer's accounts; their evidence as a mapping field -> agreement."""
        rows = self._of(customer, "board_links")
        return [row | {"evidence": json.loads(row["evidence"] or "{}")} for row in rows]

    def former(self, customer: str) -> list[dict]:
        """Former ids of the customer, the latest first."""
        return self._of(customer, "board_former")

    def months(self, customer: str) -> list[dict]:
        """Events by month and kind, oldest first."""
        return self._of(customer, "board_months")

    def events(self, customer: str, month: date | None = None) -> list[dict]:
        """Events of a month, or all of them; the newest first, at most MOST_EVENTS."""
        start = month or date(1, 1, 1)
        after = _next(month) if month else self.as_of + timedelta(days=1)
        times = {"from_time": _midnight(start), "until_time": _midnight(after)}
        return self._of(customer, "board_events", most=MOST_EVENTS, **times)

    def people(self, by: str) -> list[dict]:
        """The first customers of a list. Raises ValueError unless it is one of LISTS."""
        if by not in LISTS:
            raise ValueError(f"no such list; expected one of {', '.join(LISTS)}")
        return self._shared(f"board_{by}", most=MOST_LISTED)

    def _of(self, customer: str, name: str, **params: object) -> list[dict]:
        if not isinstance(customer, str) or not ID.fullmatch(customer):  # never quoted: it may be anything
            raise ValueError("a customer id is C and 16 of the letters and digits 0-9 A-H J K M N P-T V-Z")
        return self._rows(name, customer=customer, **params)

    def _shared(self, name: str, **params: object) -> list[dict]:
        if name not in self._kept:
            self._kept[name] = self._rows(name, **params)
        return self._kept[name]

    def _rows(self, name: str, **params: object) -> list[dict]:
        found = self.db.run(name, **params)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    @staticmethod
    def _by(rows: list[dict], key: str) -> dict[str, list[dict]]:
        made: dict[str, list[dict]] = {}
        for row in rows:
            made.setdefault(row[key], []).append(row)
        return made


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
