"""One head weakened at a time: are the heads that count those the concept's HRV ranks first?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ...demo.judge import Verdict
from ...demo.world import Scene, group_of
from .framework import Case, Lab, Rows
from .statistics import Interval, interval_of, percent, spread, verdict

FACTOR = -2.0
PART = "single heads"
"""How cases and rows of this kind are marked."""


def sureness(scene: Scene, seen: Verdict, attributes: dict[str, str]) -> dict[str, float]:
    """Concept -> how sure the judge is that it is as the prompt says, 0 to 1.

    Colour, pattern and size are gone as far as the object is; attributes: concept -> its name.
    """
    thing, main = scene.objects[0], seen.main
    there = 1 - main.probabilities["object"]["nothing"]
    found = {group_of(thing.kind): main.group_probability(group_of(thing.kind))}
    for concept, name in attributes.items():
        if hasattr(scene, name):
            found[concept] = seen.probabilities[name][getattr(scene, name)]
        else:
            found[concept] = there * main.probabilities[name][getattr(thing, name)]
    return found


def run(lab: Lab, case: Case, scene: Scene, attributes: dict[str, str]) -> Rows:
    """Of every concept in the prompt what it loses with each head, and all heads' relevance."""
    import torch

    from ...nodes.steer import steered

    prompt, heads = lab.prompt(case["prompt"]), len(lab.relevance.heads)

    def means(model: Any) -> dict[str, float]:
        seen = lab.see(model, prompt, case["seeds"])
        each = [sureness(scene, one, attributes) for one in seen]
        return {concept: float(np.mean([one[concept] for one in each])) for concept in each[0]}

    plain = means(lab.model)
    lost: dict[str, list[float]] = {concept: [] for concept in plain}
    for head in range(heads):
        rescale = torch.ones(heads)
        rescale[head] = FACTOR
        model = steered(lab.model, lab.relevance, prompt, "", rescale, (0.0, 1.0), "single heads")
        left = means(model)
        for concept, values in lost.items():
            values.append(round(plain[concept] - left[concept], 5))
    return {
        "part": PART,
        "prompt": case["prompt"],
        "lost": lost,
        "relevance": {c: lab.relevance.row(c).tolist() for c in lab.relevance.concepts},
    }


def tenth(relevance: Sequence[float]) -> list[int]:
    """The most relevant tenth of the heads."""
    order = np.argsort(-np.asarray(relevance), kind="stable")
    return order[: max(1, round(len(order) / 10))].tolist()


def share(relevance: Sequence[float], lost: np.ndarray) -> float:
    """Of all that is lost (heads,), head by head, the share of the most relevant tenth.

    What is gained counts as nothing; a tenth is chance, and stands where nothing is lost.
    """
    taken = np.clip(lost, 0, None)
    chosen = tenth(relevance)
    return float(taken[chosen].sum() / taken.sum()) if taken.sum() else len(chosen) / len(taken)


def findings(rows: Sequence[Rows]) -> list[str]:
    """For which concepts the most relevant heads are those that count."""
    if not rows:
        return []
    vectors = rows[0]["relevance"]
    chance = share(next(iter(vectors.values())), np.zeros(len(next(iter(vectors.values())))))
    found = {concept: _own(rows, concept) for concept in _concepts(rows)}
    said = {
        answer: [
            f"{concept} {percent(value, 0)}"
            for concept, (value, interval) in found.items()
            if verdict(interval, chance) == answer
        ]
        for answer in ("yes", "no", "reversed")
    }
    told = {"yes": "clearly more for ", "no": "not clearly another for ", "reversed": "less for "}
    text = "; ".join(told[answer] + ", ".join(names) for answer, names in said.items() if names)
    return [
        "Why, measured: one head at a time was weakened. Of all that a concept loses that way, "
        f"the most relevant tenth of the heads takes {percent(chance, 0)} by chance; {text}."
    ]


def tables(rows: Sequence[Rows]) -> list[dict[str, Any]]:
    """How much of a concept's loss its own most relevant heads take, and the others'."""
    if not rows:
        return []
    lines = []
    for concept in _concepts(rows):
        value, (low, high) = _own(rows, concept)
        mine, lost = _of(rows, concept)
        mean, vectors = lost.mean(axis=0), mine[0]["relevance"]
        others = [share(vector, mean) for name, vector in vectors.items() if name != concept]
        top = int(mean.argmax())
        place = int(rankdata(-np.array(vectors[concept]))[top])
        lines.append(
            [
                concept,
                str(len(mine)),
                f"{percent(value, 0)} {spread((low, high), 0)}",
                percent(float(np.mean(others)), 0),
                f"{100 * mean[top]:.0f} points, head {place} of {len(mean)} by relevance",
            ]
        )
    header = ["lost", "prompts", "its own tenth", "another concept's", "most with a single head"]
    title = "One head times -2: share of the loss that the most relevant tenth of the heads takes"
    return [{"title": title, "header": header, "rows": lines}]


def _concepts(rows: Sequence[Rows]) -> list[str]:
    present = {concept for row in rows for concept in row["lost"]}
    return [concept for concept in rows[0]["relevance"] if concept in present]


def _of(rows: Sequence[Rows], concept: str) -> tuple[list[Rows], np.ndarray]:
    """The rows that have the concept, and what it loses there, (prompts, heads)."""
    mine = [row for row in rows if concept in row["lost"]]
    return mine, np.array([row["lost"][concept] for row in mine])


def _own(rows: Sequence[Rows], concept: str) -> tuple[float, Interval]:
    mine, lost = _of(rows, concept)
    relevance = mine[0]["relevance"][concept]

    def taken(drawn: np.ndarray) -> float:
        return share(relevance, lost[drawn].mean(axis=0))

    low, high = interval_of(taken, len(mine))
    return taken(np.arange(len(mine))), (max(low, 0.0), min(high, 1.0))
