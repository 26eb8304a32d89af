"""Which numbers of an audience may be shown: no small group, and none that the others would give back."""

from collections.abc import Mapping

import numpy as np

from customerbase.disclosure import suppress_parts

ARMS = ("target", "holdout", "global_control")
REFUSED = ("no_consent", "opted_out", "frequency", "cap")
ASKED, MEMBERS = "asked", "members"  # who fits and is not excluded; who passed everything, all arms


def withheld(counts: Mapping[str, int], k_min: int) -> set[str]:
    """Steps of one audience and channel, with `asked` and `members`, whose counts may not be shown beside the others.

    Known totals: all customers, those asked, and the members (from the overlap). Within each total the small parts are
    withheld with those that would give them back; a total that is withheld takes its parts along. Where the limit is
    reached the targets are known from the pipeline file, so that small hold-outs take the members along.
    """
    members = sum(counts[arm] for arm in ARMS)
    asked = members + sum(counts[step] for step in REFUSED)
    hidden = _parts({"rule": counts["rule"], "excluded": counts["excluded"], ASKED: asked}, k_min)
    if ASKED in hidden:
        return hidden | {*REFUSED, MEMBERS, *ARMS}
    hidden |= _parts({step: counts[step] for step in REFUSED} | {MEMBERS: members}, k_min)
    kept_back = ARMS[1:] if counts["cap"] else ARMS
    hidden |= set(ARMS) if MEMBERS in hidden else _parts({arm: counts[arm] for arm in kept_back}, k_min)
    if not counts["cap"] or not hidden & {*kept_back}:
        return hidden
    rest = {step: counts[step] for step in (*REFUSED, *kept_back)}
    return (hidden - {"target"}) | _parts(rest, k_min) | {MEMBERS}


def _parts(counts: Mapping[str, int], k_min: int) -> set[str]:
    mask = suppress_parts(np.array(list(counts.values())), k_min)
    return {name for name, one in zip(counts, mask, strict=True) if one}
