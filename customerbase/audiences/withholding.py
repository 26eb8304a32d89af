"""Which numbers of an audience may be shown: no small group, and none that the others would give back."""

from collections.abc import Mapping

import numpy as np

from customerbase.disclosure import suppress_parts

ARMS = ("target", "holdout", "global_control")
REFUSED = ("no_consent", "opted_out", "frequency", "cap")
ASKED, KEPT = "asked", "kept_back"  # who fits and is not excluded; both control groups together


def shown_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts that are shown: rule, excluded, asked and its parts, the two control groups as one."""
    parts = {step: counts[step] for step in REFUSED} | {KEPT: counts["global_control"] + counts["holdout"]}
    parts["target"] = counts["target"]
    return {"rule": counts["rule"], "excluded": counts["excluded"], ASKED: sum(parts.values())} | parts


def withheld(counts: Mapping[str, int], k_min: int) -> set[str]:
    """Names of shown_counts whose numbers may not be shown beside the others and the number of all customers.

    Small parts are withheld with those that would give them back: rather some other part than those to be contacted. Where
    the limit is reached their number stands in the pipeline file, so that it hides nothing.
    """
    shown = shown_counts(counts)
    top = {name: shown[name] for name in ("rule", "excluded", ASKED)}
    rest = {name: shown[name] for name in (*REFUSED, KEPT)}
    hidden = _parts(top, k_min)
    if ASKED in hidden:
        return hidden | {*rest, "target"}
    inside = _parts(rest, k_min)
    enough = not inside or (len(inside) > 1 and sum(rest[name] for name in inside) >= k_min)
    if not enough and shown["cap"]:
        return set(shown)
    if not enough or 0 < shown["target"] < k_min:
        inside |= _parts(rest | {"target": shown["target"]}, k_min)
    return hidden | inside


def _parts(counts: Mapping[str, int], k_min: int) -> set[str]:
    mask = suppress_parts(np.array(list(counts.values())), k_min)
    return {name for name, one in zip(counts, mask, strict=True) if one}
