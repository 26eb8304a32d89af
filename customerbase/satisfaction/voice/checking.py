"""How often the lexicon is right: against texts labelled by hand, and against the stars that customers gave themselves."""

from collections import Counter
from functools import cache
from pathlib import Path

import pandas as pd

from customerbase import intervals
from customerbase.satisfaction.voice.gathered import Gathered, read
from customerbase.satisfaction.voice.polarity import LABELS, NEGATIVE, NEUTRAL, POSITIVE, Lexicon
from customerbase.yaml_files import read_yaml

LABELLED = Path(__file__).with_name("labelled.yaml")
STARS = {1: NEGATIVE, 2: NEGATIVE, 3: NEUTRAL, 4: POSITIVE, 5: POSITIVE}
SEEN, HELD_OUT, REVIEWS = "seen", "held_out", "reviews"


@cache
def labelled() -> pd.DataFrame:
    """The texts labelled by hand: language, part (seen, held_out), truth, text."""
    content = read_yaml(LABELLED)
    rows = [
        (language, part, truth, text)
        for language, parts in content.items()
        for part, labels in parts.items()
        for truth, texts in labels.items()
        for text in texts
    ]
    return pd.DataFrame(rows, columns=["language", "part", "truth", "text"])


def check(lexicon: Lexicon, found: Gathered) -> pd.DataFrame:
    """Texts by sample (ja, en: those held out; reviews), truth and what the lexicon says.

    reviews: distinct texts with stars of this company; 1 and 2 stars are negative, 3 neutral, 4 and 5 positive.
    """
    known = labelled()
    known = known[known["part"] == HELD_OUT]
    frame = pd.DataFrame({"said": known["text"], "author": None, "source": "", "month": "2000-01-01", "record_id": ""})
    told = read(frame, lexicon).texts["label"].tolist()
    counts = Counter(zip(known["language"], known["truth"], told, strict=True))
    for truth, predicted in _reviews(found):
        counts[REVIEWS, truth, predicted] += 1
    samples = sorted({sample for sample, _, _ in counts}, key=("ja", "en", REVIEWS).index)
    rows = [(s, truth, said, counts[s, truth, said]) for s in samples for truth in LABELS for said in LABELS]
    return pd.DataFrame(rows, columns=["sample", "truth", "predicted", "texts"])


def _reviews(found: Gathered) -> list[tuple[str, str]]:
    texts = found.texts.reset_index(drop=True)
    words = found.said.groupby("text")["distinct"].agg(tuple)
    rated = texts[texts["stars"].notna()].index
    seen = {(STARS[int(texts.at[at, "stars"])], texts.at[at, "label"], words[at]) for at in rated if at in words.index}
    return [(truth, label) for truth, label, _ in sorted(seen)]


def rates(table: pd.DataFrame, sample: str) -> pd.DataFrame:
    """Per label: precision (of those called so, how many are) and recall (of those that are, how many are called so), with n and interval."""
    of = table[table["sample"] == sample]
    rows = []
    for label in LABELS:
        right = int(of.loc[(of["truth"] == label) & (of["predicted"] == label), "texts"].sum())
        for kind, column in (("precision", "predicted"), ("recall", "truth")):
            n = int(of.loc[of[column] == label, "texts"].sum())
            low, high = intervals.wilson(right, n)
            rows.append((label, kind, right / n if n else None, float(low), float(high), n))
    return pd.DataFrame(rows, columns=["label", "kind", "value", "low", "high", "n"])
