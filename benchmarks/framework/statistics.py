"""Intervals: bootstrap over prompts where images share one, Wilson's for single shares."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import inf, sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtrit
from scipy.stats import rankdata

ROUNDS = 2000
SEED = 20260405
_Z = 1.959964

Interval = tuple[float, float]


def mean_interval(
    values: Sequence[float], clusters: Sequence[Hashable], rounds: int = ROUNDS
) -> Interval:
    """95% bootstrap interval of the mean; whole clusters are drawn with replacement.

    values, clusters: one each per image; images of one prompt share their cluster. Where no value
    is beyond -1 or 1, as differences of shares are not, the interval's ends are not either.
    """
    sums, sizes = _sums(values, clusters)
    drawn = _draws(len(sums), rounds)
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = _interval(means, float(sums.sum() / sizes.sum()), len(sums))
    least, most = min(values), max(values)
    if most <= 1 and least >= -1:
        low, high = max(low, -1.0), min(high, 1.0)
    return low, high


def share_interval(hits: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """95% interval of a share: `mean_interval`, or Wilson's over the clusters where all hits are
    alike, because a bootstrap of equal values has no width."""
    least, most, count = min(hits), max(hits), len(set(clusters))
    if least == most and least in (0, 1):
        return wilson(int(most) * count, count)
    low, high = mean_interval(hits, clusters)
    return max(low, 0.0), high


def interval_of(
    statistic: Callable[[np.ndarray], float], clusters: int, rounds: int = ROUNDS
) -> Interval:
    """95% bootstrap interval of any statistic of clusters.

    statistic: takes the numbers of the drawn clusters, (clusters,) int, and returns a number.
    """
    found = np.array([statistic(drawn) for drawn in _draws(clusters, rounds)])
    return _interval(found[np.isfinite(found)], statistic(np.arange(clusters)), clusters)


def wilson(successes: int, total: int) -> Interval:
    """Wilson's 95% interval of a share of independent images; (0, 1) of none."""
    if total == 0:
        return 0.0, 1.0
    share, z2 = successes / total, _Z**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def area(x: Sequence[float], y: Sequence[float]) -> float:
    """Area under straight lines through the points, by the trapezoidal rule."""
    across, up = np.asarray(x, float), np.asarray(y, float)
    return float((np.diff(across) * (up[1:] + up[:-1]) / 2).sum())


def roc_area(scores: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive scores above a negative, ties half: area under the ROC curve.

    scores (n,), positive (n,) bool; 0.5 is chance. ValueError if all or none are positive.
    """
    count, total = int(positive.sum()), len(positive)
    if not 0 < count < total:
        raise ValueError(f"Expected some positives and some negatives; found {count} of {total}.")
    above = rankdata(scores)[positive].sum() - count * (count + 1) / 2
    return float(above / (count * (total - count)))


def verdict(interval: Interval, nothing: float = 0.0) -> str:
    """Whether an effect that should be above ``nothing`` is there: "yes", "no" or "reversed"."""
    low, high = interval
    if low > nothing:
        return "yes"
    return "reversed" if high < nothing else "no"


Finding = Literal["as in the paper", "weaker than in the paper", "not seen", "against the paper"]


def finding(effect: Interval, as_large: bool = True) -> Finding:
    """What a result may be called, by a rule that is fixed before the run.

    effect: 95% interval of what the paper finds above 0; as_large: whether it reaches the paper's
    own size or, where sizes cannot be compared, the paper's stricter claim.
    """
    seen = verdict(effect)
    if seen == "reversed":
        return "against the paper"
    if seen == "no":
        return "not seen"
    return "as in the paper" if as_large else "weaker than in the paper"


def percent(share: float, digits: int = 1) -> str:
    """0.159 -> 15.9%."""
    return f"{100 * share:.{digits}f}%"


def spread(interval: Sequence[float], digits: int = 1) -> str:
    """An interval of shares: (0.1, 0.2) -> [10.0%, 20.0%]."""
    return f"[{percent(interval[0], digits)}, {percent(interval[1], digits)}]"


def points(difference: float, interval: Sequence[float]) -> str:
    """A difference of shares in percentage points, with its interval."""
    low, high = interval
    return f"{100 * difference:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"


def _sums(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    if not len(values) or len(values) != len(clusters):
        raise ValueError(
            f"Expected one cluster for each of at least one value; found {len(values)} values "
            f"and {len(clusters)} clusters."
        )
    numbers = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    sums, sizes = np.zeros(len(numbers)), np.zeros(len(numbers))
    for value, name in zip(values, clusters, strict=True):
        sums[numbers[name]] += value
        sizes[numbers[name]] += 1
    return sums, sizes


def _draws(clusters: int, rounds: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(clusters, size=(rounds, clusters))


def _interval(found: np.ndarray, centre: float, clusters: int) -> Interval:
    """The percentile interval, widened around the centre as Student's t is for few clusters.

    Few clusters spread too little among themselves (Hesterberg, arXiv 1411.5279); a single one
    tells nothing.
    """
    if clusters < 2:
        return -inf, inf
    low, high = np.quantile(found, (0.025, 0.975))
    wider = sqrt(clusters / (clusters - 1)) * float(stdtrit(clusters - 1, 0.975)) / _Z
    return centre - wider * (centre - float(low)), centre + wider * (float(high) - centre)
