"""Whether single heads decide a two-meaning word's meaning, and whether the votes find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from .framework import Rows
from .meanings_pictures import OUTCOMES, Pictures, cells, gain, pictures_of, rates_of
from .statistics import percent, points

HALF = 0.5
_KNOWN = 0.75


def agreement(row: Rows, other: str = "votes") -> float:
    """Rank correlation of the effects the judge sees with the votes, or with "clear"."""
    return float(spearmanr(row["effects"], row[other]).statistic)


def decisive(row: Rows) -> list[int]:
    """The fewest heads that make up half of all effects, strongest first."""
    sizes = np.abs(row["effects"])
    order = np.argsort(-sizes)
    reached = np.cumsum(sizes[order]) / sizes.sum()
    return order[: int(np.argmax(reached >= HALF)) + 1].tolist()


def right_way(row: Rows) -> float:
    """Of the decisive heads' effects, the share whose sign the votes have."""
    effects, votes = (np.array(row[name])[decisive(row)] for name in ("effects", "votes"))
    return float(np.abs(effects[effects * votes > 0]).sum() / np.abs(effects).sum())


def _few(rows: Sequence[Rows]) -> str:
    """How few heads decide, and what the votes know of them."""
    few = ", ".join(f"{row['word']} {len(decisive(row))}" for row in rows)
    ranks = ", ".join(f"{row['word']} {agreement(row):+.2f}" for row in rows)
    signs = ", ".join(f"{row['word']} {percent(right_way(row), 0)}" for row in rows)
    text = (
        f"Why, measured: one head at a time was rescaled. Half of what the "
        f"{len(rows[0]['effects'])} heads do to the meaning is done by so many: {few}. Rank "
        "correlation of all effects with the HRV's difference of the two concepts (0 where it "
        f"knows nothing of them): {ranks}. Of what the decisive heads do, the HRV has the sign "
        f"right for {signs}."
    )
    if np.mean([right_way(row) for row in rows]) > _KNOWN:
        return text
    return text + (
        " Heads that look at the words of a concept need not be those that decide between its "
        "objects, and a head that does may push the other way."
    )


def _heads_table(rows: Sequence[Rows]) -> dict[str, Any]:
    """Word by word."""
    lines = []
    for row in rows:
        few = decisive(row)
        named = ", ".join(f"{row['heads'][i]} ({row['effects'][i]:+.2f})" for i in few[:4])
        lines.append(
            [
                row["word"],
                str(len(few)),
                named,
                f"{agreement(row):+.2f}",
                percent(right_way(row), 0),
                f"{agreement(row, 'clear'):+.2f}",
            ]
        )
    header = [
        "word",
        "heads with half of all effects",
        "the strongest (effect)",
        "HRV: rank correlation",
        "sign right",
        "clear prompts: rank correlation",
    ]
    return {"title": "Heads that decide, log odds per unit of the factor", "header": header} | {
        "rows": lines
    }


def steered_by_effects(tried: Sequence[Rows]) -> dict[str, Pictures]:
    """ "method, reach" -> pictures."""
    found: dict[str, Pictures] = defaultdict(list)
    for row in tried:
        for picture in pictures_of(row):
            found[f"{picture['method']}, {picture['strength']:g}"].append(picture)
    return dict(found)


def why(tried: Sequence[Rows], steered: dict[str, Pictures], plain: Pictures) -> list[str]:
    """Whether heads that decide the meaning exist, and what the votes know of them."""
    if not tried:
        return []
    told = []
    for name, pictures in steered.items():
        rates = rates_of(pictures)
        fewer = points(*gain(pictures, plain, "wrong"))
        told.append(
            f"{name}: {percent(rates['wrong'][0])} wrong ({fewer} against plain), "
            f"{percent(rates['right'][0])} right, {percent(rates['neither'][0])} neither"
        )
    return [
        _few(tried),
        "Rescaling all heads together by their effects, measured on other pictures of the bare "
        "word, in place of the HRV (the most decisive head by at most so much): "
        + "; ".join(told)
        + ". By the judge shows what heads can do. By clear prompts needs no judge: a head counts "
        "as far as it moves the latent the way from one clear prompt's to the other's.",
    ]


def effect_tables(tried: Sequence[Rows], steered: dict[str, Pictures]) -> list[dict[str, Any]]:
    if not tried:
        return []
    rows = [[name, *cells(rates_of(found))] for name, found in steered.items()]
    header = ["steered by, at most", *OUTCOMES]
    steering = {"title": "Steered by measured heads", "header": header, "rows": rows}
    return [steering, _heads_table(tried)]
