"""What a question measures and on which scale: read from the data and the company's settings, said aloud where assumed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.errors import ConfigError, near_miss

NPS, CSAT, CES, ITEM, ASIDE = "nps", "csat", "ces", "item", "aside"
ROLES = (NPS, CSAT, CES, ITEM, ASIDE)
REVIEW = "review"  # the role of stars, which no survey asked for
# lowest and highest answer of each scale that can be scored; choices and words cannot
SCALES = {"nps": (0, 10), "five": (1, 5), "seven": (1, 7), "yes_no": (0, 1)}
PREFERRED = ("five", "seven", "nps", "yes_no")  # whose scale stands for a measure asked on several
# from which answer on a customer counts as satisfied, or as having found it easy: the top boxes of each scale
TOP = {
    (CSAT, "five"): 4, (CSAT, "seven"): 6, (CSAT, "nps"): 9, (CSAT, "yes_no"): 1,
    (CES, "five"): 4, (CES, "seven"): 5, (CES, "nps"): 8, (CES, "yes_no"): 1,
}  # fmt: skip
PROMOTER, DETRACTOR = 9, 6  # NPS: from 9 up, up to 6 (Reichheld 2003, Harvard Business Review 81(12), 46-54)
MEASURES = ("nps", "csat", "csat_mean", "ces", "ces_mean", "stars_mean")
OF_ROLE = {NPS: ("nps",), CSAT: ("csat", "csat_mean"), CES: ("ces", "ces_mean"), REVIEW: ("stars_mean",)}
_EASE = ("ces", "effort", "ease", "easy", "手間", "負担", "しやす", "かんたん", "簡単")
_OVERALL = ("csat", "satisf", "overall", "満足", "総合")


@dataclass(frozen=True)
class Question:
    """A question of the company's surveys: what it measures, on which scale, and whether the settings say so."""

    question_id: str
    scale: str
    role: str
    given: bool
    en: str = ""
    ja: str = ""

    def name(self, language: str) -> str:
        """Its name in one language: the company's own, else its id."""
        return (self.ja if language == "ja" else self.en) or self.question_id


def questions(found: pd.DataFrame, settings: Mapping | None = None) -> list[Question]:
    """Role of each question (frame with question_id and scale) in the order of their ids.

    settings: of the pipeline's YAML, `survey_questions: {id: {role, en, ja}}`. Without a word there: the scale 0-10 asks
    for recommendation; of the questions from 1 to 5 and from 1 to 7 those that speak of ease are CES, one that speaks of
    satisfaction, or the only one from 1 to 5, is CSAT; all others are items. Raises ConfigError for an unknown role or
    question, and for a role that the scale cannot have.
    """
    given = _checked(settings or {}, set(found["question_id"]))
    pairs = sorted(set(zip(found["question_id"], found["scale"], strict=True)))
    taken = {said["role"] for said in given.values() if "role" in said}
    assumed = {pair: role for pair, role in _assumed(pairs).items() if role not in taken}
    made = []
    for name, scale in pairs:
        said = given.get(name, {})
        role = said.get("role", assumed.get((name, scale), ITEM))
        if scale not in SCALES:
            role = ASIDE
        if role == NPS and scale != "nps":
            raise ConfigError(
                f"survey_questions: {name!r} has the role nps, but its scale is {scale!r}; expected a question from 0 to 10."
            )
        made.append(Question(name, scale, role, "role" in said, said.get("en", ""), said.get("ja", "")))
    return made


def _checked(settings: Mapping, known: set[str]) -> Mapping[str, Mapping]:
    for name, said in settings.items():
        if not isinstance(said, Mapping) or not set(said) <= {"role", "en", "ja"}:
            raise ConfigError(f"survey_questions: {name!r} is {said!r}; expected a mapping of role, en and ja.")
        if said.get("role", ITEM) not in ROLES:
            wrong = said["role"]
            raise ConfigError(
                f"survey_questions: {name!r} has the role {wrong!r}; expected one of {', '.join(ROLES)}."
                f"{near_miss(wrong, ROLES)}"
            )
    return {name: said for name, said in settings.items() if name in known}


def _assumed(pairs: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Roles of questions that nobody named."""
    made = {(name, scale): NPS for name, scale in pairs if scale == "nps"}
    rated = [(name, scale) for name, scale in pairs if scale in ("five", "seven")]
    easy = [pair for pair in rated if any(word in pair[0].lower() for word in _EASE)]
    overall = [pair for pair in rated if pair not in easy and any(word in pair[0].lower() for word in _OVERALL)]
    fives = [pair for pair in rated if pair not in easy and pair[1] == "five"]
    chosen = overall if len(overall) == 1 else fives if len(fives) == 1 and not overall else []
    return made | dict.fromkeys(easy, CES) | dict.fromkeys(chosen, CSAT)


def on_scale(answer: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Whether each answer lies on its scale."""
    ends = np.array([SCALES.get(one, (np.nan, np.nan)) for one in scale], dtype=float).reshape(-1, 2)
    return (answer >= ends[:, 0]) & (answer <= ends[:, 1])


def scored(answer: np.ndarray, measure: str, scale: str) -> np.ndarray:
    """What an answer adds to a measure: −100, 0 or 100 (nps), 0 or 1 (csat, ces), the answer itself (their means)."""
    answer = np.asarray(answer, dtype=float)
    if measure == "nps":
        return np.select([answer >= PROMOTER, answer <= DETRACTOR], [100.0, -100.0], 0.0)
    if measure.endswith("_mean"):
        return answer
    return (answer >= TOP[measure, scale]).astype(float)


def main_scale(asked: Iterable[Question], role: str) -> str:
    """The scale of a role that a single figure rests on: the first of PREFERRED; "" without one.

    By the order and not by the number of answers, so that it does not change from month to month.
    """
    have = {one.scale for one in asked if one.role == role}
    return next((scale for scale in PREFERRED if scale in have), "")


def limits(measure: str, scale: str) -> tuple[float, float]:
    """The lowest and the highest value a measure can have."""
    if measure == "nps":
        return -100.0, 100.0
    return tuple(map(float, SCALES[scale])) if measure.endswith("_mean") else (0.0, 1.0)
