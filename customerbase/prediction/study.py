"""The ladder judged out of time: models fitted on what was complete by then, calibrated, compared, one chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
from scipy.special import expit, stdtrit

import customerbase.prediction.bootstrap as bootstrap
import customerbase.prediction.metrics as metrics
from customerbase.engine import Engine
from customerbase.errors import ConfigError, InputError
from customerbase.prediction.calibration import Calibration, calibration, season, shift_of
from customerbase.prediction.models import LEARNT, RHYTHM, RULE, Model, Silence, fit_ladder
from customerbase.prediction.notes import Note
from customerbase.prediction.rhythm import Rhythm, rhythms
from customerbase.prediction.windows import MOST_ROWS, Window, completed

FEWEST_WINDOWS = 3  # completed ones to learn from
FEWEST_EVENTS = 30  # customers who did and who did not, in the windows to learn from


@dataclass(frozen=True)
class Options:
    """What is predicted and how it is judged.

    horizon_days: length of the window; leaving: the event is that nothing is bought in it (else that something is);
    tests: newest completed windows the models are judged by; half_life_months: a window so much older counts half.
    """

    horizon_days: int = 90
    leaving: bool = True
    tests: int = 4
    half_life_months: float = 3.0
    most_rows: int = MOST_ROWS
    draws: int = 200
    seed: int = 0

    def __post_init__(self):
        for name in ("horizon_days", "tests", "half_life_months", "most_rows"):
            if not (value := getattr(self, name)) > 0:
                raise ConfigError(f"{name} is {value!r}; expected more than 0.")


@dataclass(frozen=True)
class Test:
    """A completed window that was predicted by what had been complete before it began.

    raw and log_odds: of each rung before and after calibration, one a customer.
    """

    window: Window
    y: np.ndarray
    raw: Mapping[str, np.ndarray]
    log_odds: Mapping[str, np.ndarray]

    @property
    def cutoff(self) -> date:
        """First day of the window."""
        return self.window.cutoff

    def probability(self, rung: str) -> np.ndarray:
        """Calibrated probability of the event."""
        return expit(self.log_odds[rung])


@dataclass(frozen=True)
class Study:
    """What came of it: the rung chosen, all rungs fitted on everything, the tests, and what to know."""

    options: Options
    cutoff: date
    chosen: str
    models: Mapping[str, Model]
    calibrations: Mapping[str, Calibration]
    rhythm: Rhythm
    tests: tuple[Test, ...] = ()
    newest: Window | None = None
    windows: int = 0
    rows: int = 0
    notes: tuple[Note, ...] = field(default_factory=tuple)

    @property
    def level_error(self) -> float:
        """Standard deviation of the shift of log odds that the tests needed beyond chance: how far a base rate may stray.

        No degree of freedom is taken for the mean: a common bias counts too. 0.5 without a test.
        """
        if not self.tests:
            return 0.5
        needed = [shift_of(test.log_odds[self.chosen], test.y) for test in self.tests]
        return float(np.sqrt(max(np.mean([shift**2 - variance for shift, variance in needed]), 0.0)))

    def strays(self, level: float) -> float:
        """Half of the interval in which the shift of the base rate lies: Student's t, as many tests as there were."""
        return float(stdtrit(max(len(self.tests), 1), 0.5 + level / 2)) * self.level_error

    def log_odds(self, x: np.ndarray, rung: str | None = None) -> np.ndarray:
        """Calibrated log odds of the event by the chosen rung, or another."""
        rung = rung or self.chosen
        return self.calibrations[rung].log_odds(self.models[rung].log_odds(x))

    def probability(self, x: np.ndarray, rung: str | None = None) -> np.ndarray:
        """Calibrated probability of the event, one a row of the matrix x."""
        return expit(self.log_odds(x, rung))


def study(db: Engine, *, cutoff: date, options: Options | None = None) -> Study:
    """Learn the event of one horizon from the tables snapshots and snapshot_labels, for the customers of `cutoff`.

    Nothing dated at `cutoff` or later is learnt from; each test window is predicted by windows that had ended when it
    began. Never fails for want of data: with fewer than FEWEST_WINDOWS completed windows, or one class only, the model of
    purchases (RHYTHM) serves, and a note says so. Raises InputError when snapshots has no row of the cutoff.
    """
    options = options or Options()
    known = rhythms(db, cutoff)
    if cutoff not in known:
        raise InputError(f"the table snapshots has no customer at the cutoff {cutoff}: nobody can be predicted.")
    windows = completed(db, known, horizon_days=options.horizon_days, until=cutoff, most=options.most_rows)
    return Walk(windows, options).study(cutoff, known[cutoff])


class Walk:
    """One walk through the windows in the order of time.

    fit: from x, y and weights to the rungs; fallback: the rung that needs no label. Both as for customers by default.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        options: Options,
        *,
        fit: Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, Model]] | None = None,
        fallback: Model | None = None,
    ):
        self.windows, self.options = list(windows), options
        self.fit = fit or partial(fit_ladder, leaving=options.leaving)
        self.fallback = fallback or Silence(options.leaving)
        self.seen: dict[date, dict[str, np.ndarray]] = {}  # out-of-time log odds with the season, before calibration

    def study(self, cutoff: date, rhythm: Rhythm) -> Study:
        """Everything up to `cutoff`."""
        found = {"options": self.options, "cutoff": cutoff, "rhythm": rhythm, "windows": len(self.windows)}
        found["rows"] = sum(map(len, self.windows))
        if note := self._too_little(cutoff):
            models: dict[str, Model] = {RHYTHM: self.fallback}
            return Study(**found, chosen=RHYTHM, models=models, calibrations={RHYTHM: Calibration()}, notes=(note,))
        tests = [self._test(window) for window in self._to_predict(cutoff)]
        models = self._fit(cutoff)
        tests = [test for test in tests if test is not None and models.keys() == test.log_odds.keys()]
        tests = tests[-self.options.tests :]
        calibrations = {
            rung: self._calibration(rung, self._season(model, cutoff), cutoff) for rung, model in models.items()
        }
        chosen, notes = choose(tests, tuple(models), self.options)
        newest = self._before(cutoff)[-1]
        return Study(
            **found,
            chosen=chosen,
            models=models,
            calibrations=calibrations,
            tests=tuple(tests),
            newest=newest,
            notes=notes,
        )

    def _too_little(self, cutoff: date) -> Note | None:
        before = self._before(cutoff)
        if len(before) < FEWEST_WINDOWS:
            return Note("few_windows", {"windows": len(before), "needed": FEWEST_WINDOWS})
        events = sum(window.bought.sum() for window in before)
        if min(events, sum(map(len, before)) - events) < FEWEST_EVENTS:
            return Note("one_class", {"needed": FEWEST_EVENTS})
        return None

    def _before(self, day: date) -> list[Window]:
        """Windows that have ended when `day` begins: the embargo."""
        return [window for window in self.windows if window.ends <= day]

    def _to_predict(self, cutoff: date) -> list[Window]:
        """The tests and the windows that calibrate them, ascending."""
        before = self._before(cutoff)
        tests = before[-self.options.tests :]
        calibrating = [self._before(day)[-1] for day in (*(one.cutoff for one in tests), cutoff) if self._before(day)]
        wanted = {window.cutoff for window in (*tests, *calibrating)}
        return [window for window in before if window.cutoff in wanted]

    def _test(self, window: Window) -> Test | None:
        if self._too_little(window.cutoff):
            return None
        raw, made = {}, {}
        for rung, model in self._fit(window.cutoff).items():
            raw[rung], seasonal = model.log_odds(window.x), self._season(model, window.cutoff)
            made[rung] = self._calibration(rung, seasonal, window.cutoff).log_odds(raw[rung])
            self.seen.setdefault(window.cutoff, {})[rung] = raw[rung] + seasonal
        return Test(window, window.event(self.options.leaving), raw, made)

    def _fit(self, day: date) -> dict[str, Model]:
        before = self._before(day)
        ages = [_months(before[-1].cutoff, window.cutoff) for window in before]
        w = [
            np.full(len(one), 0.5 ** (age / self.options.half_life_months))
            for one, age in zip(before, ages, strict=True)
        ]
        x = np.concatenate([window.x for window in before])
        y = np.concatenate([window.event(self.options.leaving) for window in before])
        return self.fit(x, y, np.concatenate(w))

    def _calibration(self, rung: str, seasonal: float, day: date) -> Calibration:
        newest = self._before(day)[-1]
        if rung not in self.seen.get(newest.cutoff, {}):
            return calibration(seasonal)
        return calibration(seasonal, (self.seen[newest.cutoff][rung], newest.event(self.options.leaving)))

    def _season(self, model: Model, day: date) -> float:
        residuals = {}
        for window in self._before(day):
            if 6 <= _months(day, window.cutoff) <= 66:
                residuals[window.cutoff] = shift_of(model.log_odds(window.x), window.event(self.options.leaving))
        return season(day, residuals)


def _months(later: date, earlier: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def choose(tests: Sequence[Test], rungs: Sequence[str], options: Options) -> tuple[str, tuple[Note, ...]]:
    """The learnt rung of the smallest log loss over the tests, if it ranks clearly better than the rule; else the rule.

    Clearly: the 95 % interval of the difference in AUC, the mean over the tests, lies above 0 (customers drawn again).
    """
    learnt = [rung for rung in LEARNT if rung in rungs]
    if not tests or not learnt:
        return RULE if RULE in rungs else RHYTHM, (Note("unjudged", {"needed": FEWEST_WINDOWS}),)
    losses = {rung: over_tests(tests, rung, "log_loss")(np.ones(sum(len(one.y) for one in tests))) for rung in learnt}
    best = min(learnt, key=lambda rung: losses[rung])
    gain = against(tests, best, RULE, options)
    if np.isnan(gain["difference"]):  # no test in which some did and some did not
        return RULE, (Note("unjudged", {"needed": FEWEST_WINDOWS}),)
    told = {"model": best} | {f"auc_{name}": f"{gain[name]:+.4f}" for name in ("difference", "low", "high")}
    if gain["low"] > 0:
        return best, (Note("better_than_rule", told),)
    return RULE, (Note("refused", told),)


def against(tests: Sequence[Test], rung: str, other: str, options: Options, name: str = "auc") -> dict:
    """A measure of two rungs, the mean over the tests, and their difference with its interval."""
    sides = [{name: over_tests(tests, side, name)} for side in (rung, other)]
    who = np.concatenate([test.window.who for test in tests])
    found = bootstrap.compare(*sides, len(who), customer=who, draws=options.draws, seed=options.seed)
    return found.loc[name].to_dict()


def over_tests(tests: Sequence[Test], rung: str, name: str) -> metrics.Measure:
    """A measure as the mean over the tests in which it is defined, as a function of the weights of all their rows."""
    ends = np.cumsum([len(test.y) for test in tests])
    parts = [metrics.prepared(name, test.y, test.probability(rung)) for test in tests]
    slices = [slice(end - len(test.y), end) for end, test in zip(ends, tests, strict=True)]

    def measure(w: np.ndarray) -> float:
        found = np.array([part(w[here]) for part, here in zip(parts, slices, strict=True)])
        known = np.isfinite(found)
        return float(found[known].mean()) if known.any() else float("nan")

    return measure
