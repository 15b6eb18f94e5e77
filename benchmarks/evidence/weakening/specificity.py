"""What the other concepts lose where measured heads are ranked by what a concept has of its own."""

from __future__ import annotations

import numpy as np

from ...framework.statistics import percent, points, verdict
from ..experiment import Table
from .curves import Outcomes, Way, known_mean, overall
from .prompts import WEAKENED

RANKED = {
    "voted": "votes",
    "measured": "measured vectors",
    "specific": "measured vectors, others spared",
}
"""Source -> by what heads are ranked."""


def _left(found: Outcomes, source: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each concept, most relevant heads first, (concepts, prompts) twice: what is left of it,
    and what is left of the other concepts of the same images; nan where it is not named."""
    own, others = list[np.ndarray](), list[np.ndarray]()
    for concept in WEAKENED:
        way = Way(source, concept, "MoRHF", count)
        own.append(found.left(way, concept))
        rest = np.stack([found.left(way, c) for c in WEAKENED if c != concept])
        others.append(np.where(np.isnan(own[-1]), np.nan, known_mean(rest)))
    return np.stack(own), np.stack(others)


def specificity_points(found: Outcomes) -> dict[str, dict[str, list[list[float]]]]:
    """Share of the heads -> source -> of each concept [left of it, left of the others], on the
    prompts that were weakened by all sources; empty where others were not spared."""
    told = dict[str, dict[str, list[list[float]]]]()
    for count in found.counts("specific"):
        each = {source: _left(found, source, count) for source in RANKED}
        common = np.all([~np.isnan(own) for own, _ in each.values()], axis=0)
        if common.any(axis=1).all():
            told[percent(count / found.heads, 0)] = {
                source: [
                    [float(o[here].mean()), float(r[here].mean())]
                    for o, r, here in zip(own, rest, common, strict=True)
                ]
                for source, (own, rest) in each.items()
            }
    return told


def specificity_sentences(found: Outcomes) -> list[str]:
    """More selective where the gap between the others and the concept itself clearly grows."""
    gains = list[tuple[np.ndarray, np.ndarray]]()
    for count in found.counts("specific"):
        (own, rest), (plain_own, plain_rest) = (
            _left(found, source, count) for source in ("specific", "measured")
        )
        gains.append((own - plain_own, rest - plain_rest))
    if not gains or np.isnan(gains[0][0]).all():
        return []
    own, rest = (np.mean([gain[n] for gain in gains], axis=0) for n in (0, 1))
    gap, interval = overall(list(rest - own))
    said = {
        "yes": "Sparing the other concepts makes weakening more selective",
        "no": "Sparing the other concepts makes no clear difference to what is lost beside",
        "reversed": "Sparing the other concepts makes weakening less selective",
    }[verdict(interval)]
    prompts = int((~np.isnan(own)).any(axis=0).sum())
    return [
        f"{said}: ranked by measured vectors without the direction that all concepts share "
        f"(Ordered Weaken, “spare other concepts”), of the others {points(*overall(list(rest)))} "
        f"more is left, of the concept itself {points(*overall(list(own)))}; the gap between both "
        f"{points(gap, interval)} ({prompts} prompts, equal numbers of heads, most relevant first; "
        "by the gap the rule decides)."
    ]


def specificity_table(found: Outcomes) -> list[Table]:
    """Own and others, concept by concept."""
    told = specificity_points(found)
    if not told:
        return []
    lines = []
    for share, by_source in told.items():
        table = np.array([by_source[source] for source in RANKED])
        rows = [*zip(WEAKENED, table.swapaxes(0, 1), strict=True), ("mean", table.mean(axis=1))]
        for concept, each in rows:
            cells = [f"{percent(own, 0)} / {percent(rest, 0)}" for own, rest in each]
            lines.append([concept, share, *cells])
    return [
        {
            "title": "Most relevant heads first, what is left of the concept / of the others in "
            "the same images, less the floor",
            "header": ["weakened", "of", *RANKED.values()],
            "rows": lines,
        }
    ]
