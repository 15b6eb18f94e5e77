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


def agreement(row: Rows) -> float:
    """Rank correlation of the heads' measured effects with what the votes say; 1 is perfect."""
    return float(spearmanr(row["effects"], row["votes"]).statistic)


def decisive(row: Rows) -> list[int]:
    """The fewest heads that make up half of all effects, strongest first."""
    sizes = np.abs(row["effects"])
    order = np.argsort(-sizes)
    reached = np.cumsum(sizes[order]) / sizes.sum()
    return order[: int(np.argmax(reached >= HALF)) + 1].tolist()


def _few(rows: Sequence[Rows]) -> str:
    """How few heads decide, and how the votes rank them."""
    few = ", ".join(f"{row['word']} {len(decisive(row))}" for row in rows)
    ranks = ", ".join(f"{row['word']} {agreement(row):+.2f}" for row in rows)
    return (
        f"Why, measured: one head at a time was rescaled. Few of the {len(rows[0]['effects'])} "
        f"heads decide what the word becomes; half of all effects are those of so many heads: "
        f"{few}. The HRV does not know them: rank correlation of the effects with its difference "
        f"of the two concepts: {ranks}. Heads that look at a concept's words are here not the "
        "heads that decide between its objects."
    )


def _heads_table(rows: Sequence[Rows]) -> dict[str, Any]:
    """Word by word."""
    lines = []
    for row in rows:
        few = decisive(row)
        named = ", ".join(f"{row['heads'][i]} ({row['effects'][i]:+.2f})" for i in few[:4])
        lines.append([row["word"], str(len(few)), named, f"{agreement(row):+.2f}"])
    header = ["word", "heads with half of all effects", "the strongest (effect)", "HRV, rank corr."]
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
        "Rescaling all heads together by these effects, measured on other pictures of the bare "
        "word, in place of the HRV (the most decisive head by at most so much): "
        + "; ".join(told)
        + ". This asks the judge first, so it is no method; it shows what heads could do.",
    ]


def effect_tables(tried: Sequence[Rows], steered: dict[str, Pictures]) -> list[dict[str, Any]]:
    if not tried:
        return []
    rows = [[name, *cells(rates_of(found))] for name, found in steered.items()]
    header = ["steered by, at most", *OUTCOMES]
    steering = {"title": "Steered by measured heads", "header": header, "rows": rows}
    return [steering, _heads_table(tried)]
