"""Ordered weakening on a real model (arXiv 2412.02237, section 4 and appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
from torch import Tensor

from ...hrv.head_choice import head_order
from ...hrv.rescale import WEAKENING_FACTOR, weakening
from ...nodes.steering.steering import Steering, steered
from ..framework.statistics import area as under
from .judge import cosines
from .lab import Conditioning, Lab
from .scope import Columns, RealExperiment, RealStudy, Scope, some
from .word_lists import WORD_LISTS

SEEDS = (10, 20, 30)
DRAWS = 3
"""Random orders, each also from its end: Table 6."""
RELEVANCE = ("MoRHF", "LeRHF")
RANDOM = tuple((f"random {n}", f"random {n} reversed") for n in range(1, DRAWS + 1))


class WeakenCase(TypedDict):
    """A prompt of a concept-word, the numbers of heads that are weakened, and in which orders."""

    line: str
    concept: str
    word: str
    prompt: str
    orders: list[str]
    counts: list[int]
    seeds: Sequence[int]


class WeakenRow(TypedDict):
    """Mean cosine of the images with the bare word."""

    line: str
    prompt: str
    order: str
    heads: int
    similarity: float


def counts(heads: int) -> list[int]:
    """0, 1, 11, 21 ... 121, 128 of SD1.4's heads, 0, 11, 111 ... 1211, 1300 of SDXL's."""
    first, step = (11, 100) if heads >= 1000 else (1, 10)
    return [0, *range(first, heads, step), heads]


class Similarity(RealStudy[WeakenCase, WeakenRow]):
    """How like the bare word images are, while its concept's heads are weakened."""

    def cases(self, scope: Scope) -> list[WeakenCase]:
        """Every prompt by the HRV's two orders, then by random ones; no concept that it lacks."""
        steps = some(counts(len(scope.hrv.heads)), scope.size.points)
        draws = [order for pair in RANDOM for order in pair]
        return [
            {
                "line": one.title,
                "concept": one.concept,
                "word": word,
                "prompt": prompt,
                "orders": list(orders),
                "counts": steps,
                "seeds": SEEDS[: scope.size.seeds],
            }
            for orders in (RELEVANCE, draws)
            for one in WORD_LISTS
            if one.concept in scope.hrv.concepts
            for word, prompt in list(one.prompts())[: scope.size.prompts]
        ]

    def run(self, lab: Lab, case: WeakenCase) -> list[WeakenRow]:
        positive, ends = lab.prompt(case["prompt"]), dict[int, float]()
        rows: list[WeakenRow] = []
        for order in case["orders"]:
            ordered = order_of(lab.hrv.row(case["concept"]), order)
            for count in case["counts"]:
                seen = ends.get(count)
                if seen is None:
                    r = weakening(ordered, count, WEAKENING_FACTOR)
                    seen = _similarity(lab, positive, case, r)
                if count in (0, len(ordered)):  # no heads and all of them: in every order the same
                    ends[count] = seen
                rows.append(_row(case, order, count, seen))
        return rows


def order_of(row: Tensor, order: str) -> Tensor:
    """Head numbers (H,) in an order of RELEVANCE or RANDOM, of an HRV (H,)."""
    if order == "LeRHF":
        return head_order(row, "LeRHF")
    if order == "MoRHF":
        return head_order(row, "MoRHF")
    forward = head_order(row, "random", int(order.split()[1]))
    return forward.flip(0) if order.endswith("reversed") else forward


def _similarity(lab: Lab, positive: Conditioning, case: WeakenCase, r: Tensor) -> float:
    steering = Steering("Ordered weakening", "", r)
    weakened: Any = steered(lab.model, lab.hrv, positive, steering)
    seen = lab.images(weakened, positive, case["seeds"])
    return float(cosines(lab.judge, seen, [case["word"]])[:, 0].mean())


def _row(case: WeakenCase, order: str, count: int, similarity: float) -> WeakenRow:
    return {
        "line": case["line"],
        "prompt": case["prompt"],
        "order": order,
        "heads": count,
        "similarity": similarity,
    }


def area(rows: Sequence[WeakenRow], orders: tuple[str, str] = ("MoRHF", "LeRHF")) -> float:
    """Area between the curve of an order and that of its reverse, in similarity x heads."""

    def curve(order: str) -> tuple[list[int], np.ndarray]:
        mine = [row for row in rows if row["order"] == order]
        heads = sorted({row["heads"] for row in mine})
        means = [np.mean([r["similarity"] for r in mine if r["heads"] == k]) for k in heads]
        return heads, np.array(means)

    heads, last = curve(orders[1])
    return under(heads, (last - curve(orders[0])[1]).tolist())


class Weaken(RealExperiment[WeakenRow]):
    """What disappears with a concept's heads."""

    name = "weaken"
    title = "Ordered weakening: what disappears with a concept's heads"
    paper = (
        "Figures 3 and 12, Table 6. Area 9.43 for Image Style: the trapezoids of the scores that "
        "the authors publish of SD1.4, not a figure of the paper"
    )
    version = 2
    studies = (Similarity(),)

    def table(self, rows: Sequence[WeakenRow]) -> Columns:
        """List of words -> similarity unweakened, and the areas between orders and reverses."""
        table: Columns = {}
        for line in dict.fromkeys(row["line"] for row in rows):
            mine = [row for row in rows if row["line"] == line]
            plain = [row["similarity"] for row in mine if row["heads"] == 0]
            chance = [area(mine, pair) for pair in RANDOM if pair[0] in {r["order"] for r in mine}]
            table[line] = {
                "prompts": len({row["prompt"] for row in mine}),
                "similarity, unweakened": float(np.mean(plain)),
                "area LeRHF - MoRHF": area(mine),
                f"area of {DRAWS} random orders": float(np.mean(chance)) if chance else None,
            }
        return table
