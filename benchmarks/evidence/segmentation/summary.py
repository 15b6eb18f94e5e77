"""What the segmentation shows, from its raw rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...framework.statistics import (
    Interval,
    finding,
    percent,
    share_interval,
    spread,
    verdict,
)
from ..experiment import Summary
from . import tables, within
from .choices import SegmentRow
from .curves import Data, data
from .head_choices import CHOSEN
from .scored import DAAM, MIDDLE, Pick, Scores, least, most

CAPTIONS = {
    "segmentation.png": "mIoU against the share of all heads, by order, and the area under the ROC "
    "curve of the object's pixels, which needs no threshold; dashed: DAAM.",
    "segmentation-sizes.png": f"Area under the ROC curve of {CHOSEN}% of the heads, chosen among "
    "all and among those of one map size: the most relevant (up), the least relevant (down), each "
    "with its 95% interval, and 20 random choices (grey); dashed: all of them.",
}


def summarise(
    rows: Sequence[SegmentRow], groups: Sequence[str], finder: float, paper: Sequence[float]
) -> Summary[Data]:
    """mIoU by choice of heads and threshold; gains over DAAM with their intervals.

    finder: IoU of found masks on renders; paper: the thresholds that the tables show.
    """
    scores = Scores(rows)
    out = sum({row["seed"]: row["left_out"] for row in rows}.values())
    parts = "; ".join(
        f"{name} {scores.iou(most(name)).mean():.3f} and {scores.iou(least(name)).mean():.3f}"
        for name in scores.vectors
    )
    voted = scores.mean(scores.iou(most("voted")))
    return Summary(
        ours=f"mIoU at threshold {MIDDLE}: {scores.iou(DAAM).mean():.3f} with DAAM; with the "
        f"{CHOSEN}% most and the {CHOSEN}% least relevant heads: {parts}; interval: of the most "
        "relevant by voted vectors",
        interval=list(voted[1]),
        sentence=" ".join(_sentence(scores, name) for name in scores.vectors),
        findings=[
            f"The rule, fixed before the run: seen, where at threshold {MIDDLE} the most relevant "
            "heads are above DAAM; as in the paper, where the least relevant are below it too, "
            "and weaker where they are not. Intervals are over kinds of objects; where there are "
            "only two, over prompts.",
            f"Masks are those of the most similar render of what the judge sees: IoU {finder:.3f} "
            f"on held-out blurred renders. {len(scores.prompts)} images of {len(scores.rows)} "
            f"prompts; {out} were left out because the judge does not see just the prompt's "
            "object.",
            _chance(scores),
            *within.findings(scores),
            _limits(scores),
        ],
        tables=[
            tables.means(scores, paper),
            within.table(scores),
            *tables.by_part(scores, groups),
        ],
        captions=CAPTIONS,
        data=data(scores, paper),
    )


def _sentence(scores: Scores, name: str) -> str:
    """One vector's verdict, with both differences to DAAM."""
    daam = scores.iou(DAAM)
    gain = scores.mean(scores.iou(most(name)) - daam)
    loss = scores.mean(daam - scores.iou(least(name)))
    change = -loss[0], (-loss[1][1], -loss[1][0])
    told = finding(gain[1], as_large=verdict(loss[1]) == "yes")
    return (
        f"By {name} vectors {told}: against DAAM the most relevant heads {signed(*gain)} of IoU, "
        f"the least relevant {signed(*change)}."
    )


def _chance(scores: Scores) -> str:
    """What mIoU means here, and whether the word looks at its object at all."""
    area = float(np.mean([share for row in scores.rows for share in row["area"]]))
    hotter = [more > 0 for row in scores.rows for more in row["hotter"]]
    share = percent(float(np.mean(hotter)))
    return (
        f"The object is {percent(area, 0)} of the image: taking the whole image for it would give "
        f"mIoU {area:.3f}. DAAM's map is hotter inside the object than outside in {share} "
        f"{spread(share_interval(hotter, scores.kinds))} of the images."
    )


def _limits(scores: Scores) -> str:
    """What keeps mIoU low: the threshold and the resolution."""
    picks = [DAAM, *(Pick("perfect", "", scope, 100) for scope in scores.scopes)]
    told = []
    for pick in picks:
        means = scores.ious(pick).mean(axis=(0, 1))
        at = scores.rows[0]["thresholds"][int(means.argmax())]
        name = "DAAM" if pick == DAAM else f"an exact map of {pick.scope}"
        told.append(f"{name} {means.max():.3f} (at {at})")
    return (
        "What limits mIoU: each at its best threshold, which was read off afterwards, "
        f"{', '.join(told)}."
    )


def signed(value: float, interval: Interval) -> str:
    """+0.012 [-0.003, +0.030]."""
    return f"{value:+.3f} [{interval[0]:+.3f}, {interval[1]:+.3f}]"
