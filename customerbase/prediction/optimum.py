"""How far a plan may be from the best one."""


def relative_gap(gain: float, bound: float) -> float:
    """The most that a plan's gain could be missing, as a share of what no plan can exceed; 0 where it is proven the best."""
    return max(bound - gain, 0.0) / bound if bound > 0 else 0.0
