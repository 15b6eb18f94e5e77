"""One head weakened at a time: are the heads that count those the concept's HRV ranks first?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ....demo.judge import Verdict
from ....demo.world import Scene, group_of
from ...framework.statistics import SEED, percent
from ..framework import Case, Lab, Rows

FACTOR = -2.0
"""The papers' factor for weakened heads."""
ROUNDS = 20_000
_RARE = 0.025
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

    from ....nodes.steering.steering import Steering, steered

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
        steering = Steering("single heads", "", rescale)
        model = steered(lab.model, lab.relevance, prompt, steering)
        left = means(model)
        for concept, values in lost.items():
            values.append(round(plain[concept] - left[concept], 5))
    return {
        "part": PART,
        "prompt": case["prompt"],
        "lost": lost,
        "relevance": {c: lab.relevance.row(c).tolist() for c in lab.relevance.concepts},
    }


def share(relevance: Sequence[float], lost: np.ndarray) -> float:
    """Of all that is lost (heads,), head by head, the share of the most relevant tenth.

    What is gained counts as nothing; 0 where nothing is lost.
    """
    taken = np.clip(lost, 0, None)
    order = np.argsort(-np.asarray(relevance), kind="stable")
    return float(taken[order[: _tenth(lost)]].sum() / taken.sum()) if taken.sum() else 0.0


def chance(relevance: Sequence[float], lost: np.ndarray) -> float:
    """How often heads drawn at random, as many, take at least that share (ROUNDS draws)."""
    rng, taken = np.random.default_rng(SEED), np.clip(lost, 0, None)
    drawn = np.array(
        [taken[rng.permutation(len(lost))[: _tenth(lost)]].sum() for _ in range(ROUNDS)]
    )
    return float((drawn >= share(relevance, lost) * taken.sum() - 1e-12).mean())


def _tenth(lost: np.ndarray) -> int:
    return max(1, round(len(lost) / 10))


def findings(rows: Sequence[Rows]) -> list[str]:
    """For which concepts the most relevant heads are those that count."""
    if not rows:
        return []
    found = {c: _measured(rows, c) for c in _concepts(rows)}
    clear = {c: one for c, one in found.items() if one["chance"] < _RARE}
    named = ", ".join(f"{c} {percent(one['share'], 0)}" for c, one in clear.items()) or "none"
    others = ", ".join(f"{c} {percent(found[c]['share'], 0)}" for c in found if c not in clear)
    rest = f"; not clearly more than random heads for {others}" if others else ""
    return [
        "Why, measured: one head at a time was weakened. Of all that a concept loses that way, "
        f"the most relevant tenth of the heads takes more than random heads do for {named}{rest}."
    ]


def tables(rows: Sequence[Rows]) -> list[dict[str, Any]]:
    """How much of a concept's loss its own most relevant heads take, and the others'."""
    if not rows:
        return []
    lines = []
    for concept in _concepts(rows):
        one = _measured(rows, concept)
        lines.append(
            [
                concept,
                str(one["prompts"]),
                percent(one["share"], 0),
                f"{one['chance']:.3f}",
                percent(one["others"], 0),
                f"{100 * one['most']:.0f} points, head {one['place']} of {one['heads']}",
            ]
        )
    return [
        {
            "title": f"One head times {FACTOR:g}: share of the loss that the most relevant tenth "
            "of the heads takes, how often random heads take as much, and the share of the "
            "other concepts' most relevant heads",
            "header": [
                "lost",
                "prompts",
                "own tenth",
                "random as much",
                "others' tenth",
                "most with a single head, its place by relevance",
            ],
            "rows": lines,
        }
    ]


def _measured(rows: Sequence[Rows], concept: str) -> dict[str, Any]:
    """What one concept loses, the mean over the prompts that have it."""
    mine = [row for row in rows if concept in row["lost"]]
    lost = np.mean([row["lost"][concept] for row in mine], axis=0)
    vectors = rows[0]["relevance"]
    top = int(lost.argmax())
    return {
        "prompts": len(mine),
        "share": share(vectors[concept], lost),
        "chance": chance(vectors[concept], lost),
        "others": np.mean([share(v, lost) for name, v in vectors.items() if name != concept]),
        "most": lost[top],
        "place": int(rankdata(-np.array(vectors[concept]), method="min")[top]),
        "heads": len(lost),
    }


def _concepts(rows: Sequence[Rows]) -> list[str]:
    present = {concept for row in rows for concept in row["lost"]}
    return [concept for concept in rows[0]["relevance"] if concept in present]
