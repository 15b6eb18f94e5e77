"""Other factors than -2 at the most relevant tenth of the heads."""

from __future__ import annotations

import numpy as np

from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ...framework.statistics import percent, points, verdict
from ..experiment import Table
from .curves import PLAIN, Outcomes, Way, overall
from .prompts import WEAKENED


def _ways(found: Outcomes, concept: str) -> dict[float, Way]:
    """Factor -> how the concept's heads were rescaled by it; 1 is the plain model."""
    mine = [way for way in found.seen if (way.source, way.concept) == ("factors", concept)]
    tenth = {way.count for way in mine}
    voted = [
        way
        for way in found.seen
        if (way.source, way.concept, way.order) == ("voted", concept, "MoRHF")
        and way.count in tenth
    ]
    ways = {way.factor: way for way in (*mine, *voted)}
    return dict(sorted({**ways, 1.0: PLAIN}.items())) if mine else {}


def factors(found: Outcomes) -> dict[str, np.ndarray]:
    """Concept -> rows (factors, 3): factor, what is left of it, and the mean of the others."""
    curves = dict[str, np.ndarray]()
    for concept in WEAKENED:
        rows = []
        for factor, way in _ways(found, concept).items():
            each = {c: found.left(way, c) for c in WEAKENED}
            here = ~np.isnan(each[concept])
            others = np.stack([left for c, left in each.items() if c != concept])[:, here]
            rows.append([factor, np.mean(each[concept][here]), np.nanmean(others)])
        if rows:
            curves[concept] = np.array(rows)
    return curves


def factor_sentences(found: Outcomes, curves: dict[str, np.ndarray]) -> list[str]:
    """Whether a factor below 0 takes more than factor 0, over all concepts."""
    gaps = []
    for concept in curves:
        ways = _ways(found, concept)
        if 0.0 in ways and FACTOR in ways:
            gaps.append(found.left(ways[0.0], concept) - found.left(ways[FACTOR], concept))
    if not gaps:
        return []
    mean, interval = overall(gaps)
    said = {
        "yes": "As in the paper, -2 removes more than 0",
        "no": "That -2 removes more than 0 is not seen",
        "reversed": "Against the paper, 0 removes more than -2",
    }[verdict(interval)]
    return [f"{said}: {points(mean, interval)} of presence less its floor."]


def factor_table(curves: dict[str, np.ndarray]) -> list[Table]:
    """What is left at each factor."""
    if not curves:
        return []
    values = next(iter(curves.values()))[:, 0]
    return [
        {
            "title": "Own presence / the others', less the floor, the most relevant tenth of the "
            "heads by votes times a factor",
            "header": ["concept", *(f"{factor:g}" for factor in values)],
            "rows": [
                [c, *(f"{percent(own, 0)} / {percent(others, 0)}" for _, own, others in curve)]
                for c, curve in curves.items()
            ],
        }
    ]
