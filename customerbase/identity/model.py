"""The linking model: Splink's Fellegi-Sunter settings with trained m and u, versioned, and its term frequencies.

Sources: Fellegi and Sunter (1969), "A theory for record linkage"; Splink 5 (moj-analytical-services/splink).
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from customerbase.engine import Engine, identifier
from customerbase.errors import InputError

SHIPPED = Path(__file__).parent / "japan.json"
RARE = 10  # a name of fewer records than this is not written into the model: it could point at a person


@dataclass(frozen=True)
class Model:
    """A trained model: settings (Splink's), matches_per_record, and the term frequencies it was first used with."""

    version: str
    settings: dict
    matches_per_record: float  # pairs of one person, for each record
    frequencies: dict[str, dict[str, float]] = field(default_factory=dict)  # column -> value -> share of the records
    rare: dict[str, float] = field(default_factory=dict)  # share of every value that is not listed
    probability: float | None = None  # that two random records are one person; None until a base is known

    def to_json(self) -> str:
        """The model as one JSON text with sorted keys: the same model is the same bytes."""
        return json.dumps(self.__dict__, ensure_ascii=False, sort_keys=True, indent=1)

    @property
    def sha256(self) -> str:
        """SHA-256 of the model's JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def names(self) -> list[str]:
        """The comparisons' names, in order."""
        return [one["output_column_name"] for one in self.settings["comparisons"]]

    def frequency_columns(self) -> list[str]:
        """Columns whose rarity counts."""
        levels = [level for one in self.settings["comparisons"] for level in one["comparison_levels"]]
        return sorted({level["tf_adjustment_column"] for level in levels if "tf_adjustment_column" in level})

    def levels(self, name: str) -> list[tuple[int, str]]:
        """The levels of one comparison with a value on both sides: (gamma, words), the best first; 0 is all else."""
        [found] = [one for one in self.settings["comparisons"] if one["output_column_name"] == name]
        labels = [level["label_for_charts"] for level in found["comparison_levels"] if not level.get("is_null_level")]
        return list(zip(range(len(labels) - 1, -1, -1), labels, strict=True))


def read_model(text: str, where: str) -> Model:
    """The model in a JSON text. Raises InputError naming the place when it is none."""
    try:
        return Model(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: not a linking model ({error}); expected what `Model.to_json` writes.") from error


def shipped() -> Model:
    """The model that comes with the package: Japanese customer records, trained without labels on invented people."""
    return read_model(SHIPPED.read_text(encoding="utf-8"), SHIPPED.name)


def pinned(db: Engine, model: Model, table: str) -> Model:
    """The model with the frequencies of names and the prior of this base, kept from now on so that scores do not drift.

    `table` is the linkage table. Names of fewer than RARE records get one common frequency and are not named.
    """
    if model.probability is not None:
        return model
    records = db.query(f"select count(*) from {identifier(table)}").fetchall()[0][0]
    frequencies, rare = {}, {}
    for column in model.frequency_columns():
        quoted = identifier(column)
        counts = db.query(
            f"select {quoted}, count(*) from {identifier(table)} where {quoted} is not null group by 1 order by 1"
        ).fetchall()
        total = sum(count for _, count in counts)
        few = [count for _, count in counts if count < RARE]
        frequencies[column] = {value: count / total for value, count in counts if count >= RARE}
        rare[column] = sum(few) / len(few) / total if few else 1 / max(total, 1)
    return replace(model, frequencies=frequencies, rare=rare, probability=prior(model, records))


def prior(model: Model, records: int) -> float:
    """Probability that two random records are one person: expected matches over all pairs of `records`."""
    return min(0.5, max(2 * model.matches_per_record / max(records - 1, 1), 1e-12))


def in_use(db: Engine, trained: Model) -> Model:
    """The trained model as this base has used it so far: with the names' frequencies and prior of its first month.

    Reads previous_identity_model; the trained model itself in the first month, or when it has been trained anew since.
    """
    rows = db.query("select settings, term_frequencies from previous_identity_model").fetchall()
    if not rows:
        return trained
    before = from_row(*rows[0])
    return before if replace(before, frequencies={}, rare={}, probability=None) == trained else trained


def from_row(settings: str, term_frequencies: str) -> Model:
    """The model in a row of the table identity_model."""
    return Model(**json.loads(settings), **json.loads(term_frequencies))


def as_row(model: Model) -> dict[str, str]:
    """The one row of the table identity_model."""
    known = {"frequencies": model.frequencies, "rare": model.rare, "probability": model.probability}
    plain = {"version": model.version, "settings": model.settings, "matches_per_record": model.matches_per_record}
    return {
        "version": model.version,
        "sha256": model.sha256,
        "settings": json.dumps(plain, ensure_ascii=False, sort_keys=True),
        "term_frequencies": json.dumps(known, ensure_ascii=False, sort_keys=True),
    }
