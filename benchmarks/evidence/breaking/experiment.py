"""What breaks HRVs: too few prompts, too broad concept-words, concepts unknown to the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ....demo.concepts import CONCEPTS, full_prompt, prompts
from ....demo.scoring import Goal, goals, right
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from ..voting import BATCH, count_votes, hrvs
from . import figures as breaking_figures
from . import weakening as breaking_weakening
from . import words
from .agreement import agreement_by_count, kinship

SEED = SEEDS["breaking"]
UNKNOWN = {"Musical Instruments": ("violin", "trumpet", "piano", "flute", "guitar", "drum")}
"""A concept of which the demo model has never seen a word or a picture."""
MIXED = {
    "Color": ("purple", "teal"),
    "Animals": ("cat",),
    "Fruits": ("banana",),
    "Geometric Patterns": ("dotted",),
    "Weather Conditions": ("foggy",),
    "Image Style": ("neon",),
}
"""What a too broad concept takes out of the others."""
BATCHES: dict[Size, int] = {"quick": 3, "full": 8}
COUNTED: dict[Size, int] = {"quick": 20, "full": 40}
"""Prompts behind the HRVs that are compared with the narrow ones."""
WEAKENED: dict[Size, int] = {"quick": 3, "full": 8}
PICTURES: dict[Size, int] = {"quick": 4, "full": 8}
FEW = 3
"""HRVs of Color from a single prompt, which are weakened by."""


def sets() -> dict[str, dict[str, tuple[str, ...]]]:
    """Sets of concepts by name; in "narrow" and "broad" no word stands twice."""
    left = {
        name: tuple(word for word in listed if word not in MIXED.get(name, ()))
        for name, listed in CONCEPTS.items()
    }
    mixed = tuple(word for listed in MIXED.values() for word in listed)
    narrow = {name: listed for name, listed in left.items() if name != "Color"}
    return {
        "all": dict(CONCEPTS),
        "narrow": {**narrow, "Color": left["Color"]},
        "broad": {**narrow, "Color": left["Color"], "Mixed": mixed},
        "unknown": {**CONCEPTS, **UNKNOWN},
    }


class Breaking(Experiment):
    """Appendix H."""

    name = "breaking"
    title = "What breaks HRVs"
    paper = (
        "Appendix H: HRVs need enough prompts, concept-words that mean one thing, and concepts "
        "that the model knows; shown there by examples"
    )

    def cases(self, size: Size) -> list[Case]:
        count = COUNTED[size]
        votes = [{"kind": "votes", "batch": i, "seed": SEED + i} for i in range(BATCHES[size])]
        compared = [
            {"kind": "set", "set": name, "count": count, "seed": SEED + 1000 + 100 * again}
            for name in ("narrow", "broad", "unknown")
            for again in range(2)
        ]
        first = {"count": WEAKENED[size], "pictures": PICTURES[size]}
        variants: list[Case] = [
            *({"variant": "one prompt", "draw": draw} for draw in range(FEW)),
            *({"variant": name, "draw": 0} for name in ("many prompts", "Mixed")),
            *({"variant": name, "draw": 0} for name in UNKNOWN),
        ]
        weaken = [
            {"kind": "weaken", **variant, **first, "voting": count, "seed": SEED + 2000}
            for variant in variants
        ]
        return [*votes, *compared, *weaken]

    def run(self, lab: Lab, case: Case) -> Rows:
        if case["kind"] == "votes":
            votes = count_votes(lab, CONCEPTS, prompts(BATCH, case["seed"]), case["seed"])
            return {"kind": "votes", "concepts": list(CONCEPTS), "votes": votes[:, 0].tolist()}
        if case["kind"] == "set":
            listed = sets()[case["set"]]
            total = _total(lab, listed, case["count"], case["seed"])
            return {"kind": "set", "set": case["set"], "concepts": list(listed), "votes": total}
        row, concept = _row(lab, case)
        found = [
            {
                "prompt": goal.prompt,
                **breaking_weakening.outcomes(lab, row, goal.prompt, seeds, see),
            }
            for goal, seeds, see in _targets(case)
        ]
        named = {key: case[key] for key in ("kind", "variant", "draw")}
        return {**named, "concept": concept, "prompts": found}

    def summarise(self, rows: list[Rows]) -> Summary:
        votes = [np.array(row["votes"]) for row in rows if row["kind"] == "votes"]
        data = {
            "agreement": agreement_by_count(np.concatenate(votes)) if votes else {},
            "kinship": kinship([row for row in rows if row["kind"] == "set"]),
            "areas": breaking_weakening.areas([row for row in rows if row["kind"] == "weaken"]),
        }
        return words.summary(data)

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return breaking_figures.draw(self.name, summary["data"], folder)

    def cost(self, case: Case) -> float:
        if case["kind"] == "votes":
            return 4.0
        if case["kind"] == "set":
            return 0.17 * case["count"]
        return 0.17 * case["voting"] + 1.0 * case["count"] * case["pictures"]


EXPERIMENT = Breaking()


def _total(lab: Lab, listed: Mapping[str, Any], count: int, seed: int) -> list[list[int]]:
    return count_votes(lab, listed, prompts(count, seed), seed)[:, 0].sum(axis=0).tolist()


def _row(lab: Lab, case: Case) -> tuple[torch.Tensor, str]:
    """The HRV (H,) by which a case weakens, and its concept's name."""
    variant, seed = case["variant"], case["seed"]
    name, listed, count = "Color", sets()["all"], case["voting"]
    if variant == "one prompt":
        count, seed = 1, seed + 10 * (1 + case["draw"])
    elif variant == "Mixed":
        name, listed = variant, sets()["broad"]
    elif variant in UNKNOWN:
        name, listed = variant, sets()["unknown"]
    votes = np.array(_total(lab, listed, count, seed))
    return torch.from_numpy(hrvs(votes)[list(listed).index(name)]), name


def _targets(case: Case) -> list[tuple[Goal, list[int], Any]]:
    """Prompts of one object, the seeds of their pictures, and what is asked of a verdict."""
    found = []
    for number, goal in enumerate(goals(case["count"], case["seed"], 1)):
        plain = Goal(full_prompt(goal.scene, size=False), goal.scene)
        first = case["seed"] + 500 + 50 * number
        seeds = list(range(first, first + case["pictures"]))
        found.append((plain, seeds, lambda verdict, scene=goal.scene: right(scene, verdict)))
    return found
