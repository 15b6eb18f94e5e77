"""What the segmentation's figures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .head_choices import ALL, LEAST, MOST
from .scored import DAAM, Pick, Scores, drawn, least, most


class Scope(TypedDict):
    """Areas under the ROC curve of one map size: all heads; vector -> [mean, low, high] of its
    most and of its least relevant; of each random choice."""

    all: float
    most: dict[str, list[float]]
    least: dict[str, list[float]]
    random: list[float]


class Data(TypedDict):
    """Order -> rows [percent, mIoU at each threshold, area under the ROC curve]; DAAM's row
    without the percent; titles of the columns; map size -> its areas."""

    curves: dict[str, list[list[float]]]
    daam: list[float]
    titles: list[str]
    scopes: dict[str, Scope]


def data(scores: Scores, paper: Sequence[float]) -> Data:
    """See `Data`."""

    def figures(pick: Pick) -> list[float]:
        ious = [float(scores.iou(pick, threshold).mean()) for threshold in paper]
        return [*ious, float(scores.roc(pick).mean())]

    orders = {
        f"{name}, {order}": (order, name) for name in scores.vectors for order in (MOST, LEAST)
    }
    curves = {}
    for label, (order, name) in {**orders, "random": ("random", "")}.items():
        mine = [p for p in scores.picks if (p.order, p.vector, p.scope) == (order, name, ALL)]
        curves[label] = [[p.percent, *figures(p)] for p in sorted(mine, key=lambda p: p.percent)]
        curves[label].append([100, *figures(Pick("all", percent=100))])
    return {
        "curves": curves,
        "daam": figures(DAAM),
        "titles": [*(f"threshold {t}" for t in paper), "no threshold"],
        "scopes": {scope: _scope(scores, scope) for scope in (ALL, *scores.scopes)},
    }


def _scope(scores: Scores, scope: str) -> Scope:
    def point(pick: Pick) -> list[float]:
        mean, (low, high) = scores.mean(scores.roc(pick))
        return [mean, low, high]

    return {
        "all": float(scores.roc(Pick("all", "", scope, 100)).mean()),
        "most": {name: point(most(name, scope)) for name in scores.vectors},
        "least": {name: point(least(name, scope)) for name in scores.vectors},
        "random": scores.roc(drawn(scope)).mean(axis=1).tolist(),
    }
