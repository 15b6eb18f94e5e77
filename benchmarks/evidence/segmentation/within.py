"""Whether the choice of heads tells an object's place, or only the size of their maps."""

from __future__ import annotations

import numpy as np

from ...framework.statistics import Interval, verdict
from ..experiment import Table
from .head_choices import ALL, CHOSEN
from .scored import Pick, Scores, drawn, least, most


def findings(scores: Scores) -> list[str]:
    """One sentence for all heads and for every map size."""
    return [_finding(scores, scope) for scope in (ALL, *scores.scopes)]


def table(scores: Scores) -> Table:
    """Most, least and random within all heads and within each size."""
    lines = []
    for scope in (ALL, *scores.scopes):
        picks = [("all of them", Pick("all", "", scope, 100))]
        for name in scores.vectors:
            picks += [(f"most relevant, {name}", most(name, scope))]
            picks += [(f"least relevant, {name}", least(name, scope))]
        for label, pick in (*picks, ("random", drawn(scope))):
            mean, (low, high) = scores.mean(scores.roc(pick))
            cell = f"{mean:.3f} [{low:.3f}, {high:.3f}]"
            if pick.order == "random":
                each = scores.roc(pick).mean(axis=1)
                cell = f"{mean:.3f}; single draws {each.min():.3f} to {each.max():.3f}"
            iou = f"{scores.iou(pick).mean():.3f}"
            lines.append([scope, label, str(scores.heads(pick)), cell, iou])
    return {
        "title": f"Among all heads, and among those of one map size: {CHOSEN}% of them",
        "header": ["maps", "heads", "number", "area under ROC", "mIoU at 0.4"],
        "rows": lines,
    }


def beaten(values: np.ndarray, random: np.ndarray) -> int:
    """How many random draws have a lower mean; values (1, images), random (draws, images)."""
    return int((random.mean(axis=1) < values.mean()).sum())


def _finding(scores: Scores, scope: str) -> str:
    random = scores.roc(drawn(scope))
    told = []
    for name in scores.vectors:
        for pick, word in ((most(name, scope), "most"), (least(name, scope), "least")):
            found = scores.roc(pick)
            gain, interval = scores.mean(found - random.mean(axis=0))
            told.append(
                f"the {word} relevant by {name} vectors {_how(interval)} ({gain:+.3f} "
                f"[{interval[0]:+.3f}, {interval[1]:+.3f}]; above {beaten(found, random)} of "
                f"{len(random)} random choices)"
            )
    where = "among all heads" if scope == ALL else f"among the heads with maps of {scope} alone"
    return (
        f"Does the choice tell the place, {where}? Area under the ROC curve, {CHOSEN}% of the "
        f"heads, against the mean of {len(random)} random choices of as many "
        f"({random.mean():.3f}): {'; '.join(told)}. The most against the least relevant: "
        f"{_apart(scores, scope)}."
    )


def _apart(scores: Scores, scope: str) -> str:
    """How far the most relevant heads lie above the least relevant."""
    told = []
    for name in scores.vectors:
        gains = scores.roc(most(name, scope)) - scores.roc(least(name, scope))
        gain, (low, high) = scores.mean(gains)
        told.append(f"{name} {gain:+.3f} [{low:+.3f}, {high:+.3f}]")
    return "; ".join(told)


def _how(interval: Interval) -> str:
    return {"yes": "better", "no": "no clear difference", "reversed": "worse"}[verdict(interval)]
