"""Why the segmentation is as it is: without a threshold, at the best one, and by resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...framework.statistics import mean_interval, verdict
from ..experiment import Table
from .choices import SegmentRow

MIDDLE = 0.4


def values(
    rows: Sequence[SegmentRow], order: str, percent: int, what: Literal["iou", "roc"] = "iou"
) -> np.ndarray:
    """Of one choice of heads: IoU (images, thresholds), or with what="roc" areas (images,)."""
    found = (one for row in rows for one in row["found"])
    chosen = [one for one in found if (one["order"], one["percent"]) == (order, percent)]
    if what == "roc":
        return np.array([value for one in chosen for value in one["roc"]])
    return np.array([value for one in chosen for value in one["iou"]])


def prompts_of(rows: Sequence[SegmentRow]) -> list[int]:
    """The prompt's number of each image."""
    return [number for number, row in enumerate(rows) for _ in row["found"][0]["iou"]]


def findings(rows: Sequence[SegmentRow], chosen: int) -> list[str]:
    """What is seen without a threshold, and what keeps mIoU low; chosen: percent of the heads."""
    sizes = [one["order"] for one in rows[0]["found"] if one["order"].startswith("maps of")]
    by_size = ", ".join(f"{_roc(rows, name, 100)} for the {name}" for name in sizes)
    perfect = "a perfect map" + sizes[0].removeprefix("maps")
    best, at = _best(rows, values(rows, "DAAM", 100))
    most, there = _best(rows, values(rows, perfect, 100))
    return [
        _order_sentence(rows, chosen),
        f"What limits mIoU: each at its best threshold (read off afterwards), DAAM reaches "
        f"{best:.3f} (at {at}), {perfect} {most:.3f} (at {there}); the object is "
        f"{100 * np.mean([area for row in rows for area in row['area']]):.0f}% of the image. By "
        f"resolution of the heads the area under the ROC curve is {by_size}.",
    ]


def _order_sentence(rows: Sequence[SegmentRow], chosen: int) -> str:
    most, least = (values(rows, order, chosen, "roc") for order in ("MoRHF", "LeRHF"))
    gains = most - least
    low, high = mean_interval(gains.tolist(), prompts_of(rows))
    told = {
        "yes": "the most relevant heads tell the object's place better than the least relevant",
        "no": "that the most relevant heads tell the object's place better than the least "
        "relevant is not seen",
        "reversed": "the least relevant heads tell the object's place better",
    }[verdict((low, high))]
    return (
        f"Without a threshold, {told}: a pixel of the object is hotter than another with "
        f"probability {_roc(rows, 'MoRHF', chosen)} against {_roc(rows, 'LeRHF', chosen)} (area "
        f"under the ROC curve, {chosen}% of the heads; {gains.mean():+.3f} [{low:+.3f}, "
        f"{high:+.3f}]; random {_roc(rows, 'random', chosen)}, DAAM {_roc(rows, 'DAAM', 100)}, "
        "chance 0.5)."
    )


def table(rows: Sequence[SegmentRow], chosen: int) -> Table:
    """Areas under the ROC curve, and mIoU at the paper's threshold and at the best."""
    prompts, lines = prompts_of(rows), []
    column = list(rows[0]["thresholds"]).index(MIDDLE)
    for one in rows[0]["found"]:
        order, percent = one["order"], one["percent"]
        if percent not in (10, chosen, 100):
            continue
        areas, ious = values(rows, order, percent, "roc"), values(rows, order, percent)
        low, high = mean_interval(areas.tolist(), prompts)
        best, at = _best(rows, ious)
        lines.append(
            [
                order if percent == 100 else f"{order} {percent}%",
                str(one["heads"] or ""),
                f"{areas.mean():.3f} [{low:.3f}, {high:.3f}]",
                f"{ious[:, column].mean():.3f}",
                f"{best:.3f} at {at}",
            ]
        )
    header = ["heads", "number", "area under ROC", f"mIoU at {MIDDLE}", "best mIoU (afterwards)"]
    title = "Without a threshold, at the paper's and at the best"
    return {"title": title, "header": header, "rows": lines}


def _roc(rows: Sequence[SegmentRow], order: str, percent: int) -> str:
    return f"{values(rows, order, percent, 'roc').mean():.3f}"


def _best(rows: Sequence[SegmentRow], ious: np.ndarray) -> tuple[float, float]:
    """The largest mIoU over all thresholds, and its threshold."""
    means = ious.mean(axis=0)
    return float(means.max()), rows[0]["thresholds"][int(means.argmax())]
