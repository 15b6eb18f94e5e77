"""What the segmentation shows, from its raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import Interval, mean_interval, share_interval, spread, verdict
from ...framework.statistics import percent as in_percent
from ..experiment import Summary, Table
from .choices import SegmentRow
from .without_threshold import MIDDLE, findings, prompts_of, values
from .without_threshold import table as why_table

CHOSEN = 23
"""Percent of the heads in the headline: the paper's 30 of 128."""


class Data(TypedDict):
    """Order -> rows [percent, mIoU at each threshold, area under the ROC curve]; DAAM's row
    without the percent; titles of the columns."""

    curves: dict[str, list[list[float]]]
    daam: list[float]
    titles: list[str]


def summarise(
    rows: Sequence[SegmentRow], groups: Sequence[str], finder: float, paper: Sequence[float]
) -> Summary[Data]:
    """mIoU by choice of heads and threshold; gains over DAAM with their intervals.

    finder: IoU of found masks on renders; paper: the thresholds that the tables show.
    """
    out = sum(row["left_out"] for row in rows)
    rows = [row for row in rows if row["found"][0]["iou"]]
    if not rows:
        raise ValueError("The judge sees the prompt's object in no image; nothing to segment.")
    column = list(rows[0]["thresholds"]).index(MIDDLE)
    prompts = prompts_of(rows)
    chosen, daam, least = (
        values(rows, order, percent)[:, column]
        for order, percent in (("MoRHF", CHOSEN), ("DAAM", 100), ("LeRHF", CHOSEN))
    )
    ours, interval = _mean(chosen, prompts)
    return Summary(
        ours=f"mIoU at threshold 0.4: {daam.mean():.3f} with DAAM, {ours:.3f} with "
        f"the {CHOSEN}% most relevant heads, {least.mean():.3f} with the least relevant",
        interval=list(interval),
        sentence=_sentence(_mean(chosen - daam, prompts), _mean(daam - least, prompts)),
        findings=[
            f"Masks are those of the most similar render of what the judge sees: IoU {finder:.3f} "
            f"on held-out blurred renders. {len(prompts)} images of {len(rows)} prompts; {out} "
            "were left out because the judge does not see just the prompt's object.",
            _chance_sentence(rows, prompts),
            _best_sentence(rows, column),
            *findings(rows, CHOSEN),
        ],
        tables=[
            _mean_table(rows, paper),
            why_table(rows, CHOSEN),
            _group_table(rows, groups, column),
        ],
        captions={
            "segmentation.png": "mIoU against the share of heads, by order, and the area under "
            "the ROC curve of the object's pixels, which needs no threshold; dashed: DAAM."
        },
        data=_curves(rows, paper),
    )


def _mean(found: np.ndarray, prompts: Sequence[int]) -> tuple[float, Interval]:
    return float(found.mean()), mean_interval(found.tolist(), prompts)


def _choices(rows: Sequence[SegmentRow]) -> list[tuple[str, int, int]]:
    """(order, percent, heads) in the order of the rows."""
    return [(one["order"], one["percent"], one["heads"]) for one in rows[0]["found"]]


def _sentence(gain: tuple[float, Interval], loss: tuple[float, Interval]) -> str:
    """The most relevant heads' gain over DAAM, and the least relevant heads' loss."""
    gains, (lost, losses) = gain[1], loss
    better = {
        "yes": "As in the paper, the most relevant heads segment better than DAAM",
        "no": "That the most relevant heads segment better than DAAM is not seen here",
        "reversed": "Against the paper, the most relevant heads segment worse than DAAM",
    }[verdict(gains)]
    worse = {
        "yes": "as in the paper, the least relevant are worse",
        "no": "that the least relevant are worse is not seen",
        "reversed": "against the paper, the least relevant are better",
    }[verdict(losses)]
    return f"{better} ({_signed(*gain)}); {worse} ({_signed(-lost, _minus(losses))})."


def _minus(interval: Interval) -> Interval:
    return -interval[1], -interval[0]


def _signed(value: float, interval: Interval) -> str:
    return f"{value:+.3f} [{interval[0]:+.3f}, {interval[1]:+.3f}]"


def _best_sentence(rows: Sequence[SegmentRow], column: int) -> str:
    means = {
        (percent, count): float(values(rows, order, percent)[:, column].mean())
        for order, percent, count in _choices(rows)
        if order == "MoRHF"
    }
    (percent, count), best = max(means.items(), key=lambda item: item[1])
    return (
        f"Over head counts, {count} heads ({percent}%), most relevant first, are best in these "
        f"very images: {best:.3f}. It was read off afterwards and favours the method."
    )


def _chance_sentence(rows: Sequence[SegmentRow], prompts: Sequence[int]) -> str:
    """What mIoU means here, and whether the word looks at its object at all."""
    area = float(np.mean([share for row in rows for share in row["area"]]))
    hotter = [more > 0 for row in rows for more in row["hotter"]]
    share = in_percent(float(np.mean(hotter)))
    return (
        f"Taking the whole image for the object would give mIoU {area:.3f}. DAAM's map "
        f"is hotter inside the object than outside in {share} "
        f"{spread(share_interval(hotter, prompts))} of the images."
    )


def _mean_table(rows: Sequence[SegmentRow], paper: Sequence[float]) -> Table:
    prompts, daam = prompts_of(rows), values(rows, "DAAM", 100)
    columns = [list(rows[0]["thresholds"]).index(t) for t in paper]
    header = ["heads", "number"]
    for t in paper:
        header += [f"mIoU at {t}", "to DAAM"]
    lines = []
    for order, percent, count in _choices(rows):
        swept = order in ("MoRHF", "LeRHF", "random")
        if percent not in (10, 15, CHOSEN, 31, 40) if swept else order not in ("DAAM", "all"):
            continue
        found = values(rows, order, percent)
        cells = [order if percent == 100 else f"{order} {percent}%", str(count)]
        for i in columns:
            mean, (low, high) = _mean(found[:, i], prompts)
            cells.append(f"{mean:.3f} [{low:.3f}, {high:.3f}]")
            cells.append(_signed(*_mean(found[:, i] - daam[:, i], prompts)))
        lines.append(cells)
    return {"title": "Mean IoU by choice of heads", "header": header, "rows": lines}


def _group_table(rows: Sequence[SegmentRow], groups: Sequence[str], column: int) -> Table:
    lines = []
    for group in groups:
        mine = [row for row in rows if row["group"] == group]
        if not mine:
            continue
        prompts = prompts_of(mine)
        daam, chosen = values(mine, "DAAM", 100), values(mine, "MoRHF", CHOSEN)
        gain = _mean(chosen[:, column] - daam[:, column], prompts)
        means = [f"{found[:, column].mean():.3f}" for found in (daam, chosen)]
        least = values(mine, "LeRHF", CHOSEN)[:, column].mean()
        lines.append([group, str(len(prompts)), *means, f"{least:.3f}", _signed(*gain)])
    header = ["concept", "images", "DAAM", f"MoRHF {CHOSEN}%", f"LeRHF {CHOSEN}%", "gain"]
    return {"title": f"By concept, threshold {MIDDLE}", "header": header, "rows": lines}


def _curves(rows: Sequence[SegmentRow], paper: Sequence[float]) -> Data:
    """See `Data`."""
    columns = [list(rows[0]["thresholds"]).index(t) for t in paper]

    def figures(order: str, percent: int) -> list[float]:
        ious = values(rows, order, percent)[:, columns].mean(axis=0).tolist()
        return [*ious, float(values(rows, order, percent, "roc").mean())]

    curves: dict[str, list[list[float]]] = {}
    for order in ("MoRHF", "LeRHF", "random"):
        percents = sorted(p for o, p, _ in _choices(rows) if o == order)
        curves[order] = [[p, *figures(order, p)] for p in percents]
        curves[order].append([100, *figures("all", 100)])
    return {
        "curves": curves,
        "daam": figures("DAAM", 100),
        "titles": [*(f"threshold {t}" for t in paper), "no threshold"],
    }
