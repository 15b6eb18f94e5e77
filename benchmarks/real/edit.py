"""Editing on a real model: P2P, P2P-HRV and only another prompt (arXiv 2412.02237, section 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import torch

from ...nodes.p2p.nodes import HRVP2PEdit, HRVP2PSplit
from .extras import background_cosine
from .judge import cosines
from .lab import Lab
from .prompts import edit_pairs
from .scope import Columns, RealExperiment, RealStudy, Scope, Scored, given, table_of

CROSS_REPLACE = 0.8
SEEDS = tuple(range(10, 101, 10))


@dataclass(frozen=True)
class Method:
    """Cross-replace, self-replace, and whether the HRV is connected."""

    cross_replace: float
    self_replace: float
    with_hrv: bool


METHODS: dict[str, Method] = {
    "prompt only": Method(0.0, 0.0, False),
    "P2P, self-replace 0.4": Method(CROSS_REPLACE, 0.4, False),
    "P2P, self-replace 0.9": Method(CROSS_REPLACE, 0.9, False),
    "P2P-HRV, self-replace 0.4": Method(CROSS_REPLACE, 0.4, True),
    "P2P-HRV, self-replace 0.9": Method(CROSS_REPLACE, 0.9, True),
}


class EditCase(TypedDict):
    """Two prompts that differ in one concept."""

    concept: str
    source: str
    target: str
    seeds: Sequence[int]


class EditRow(TypedDict):
    """Cosine of an edited image with the target prompt, and with its source image.

    background: with the source's background by DINOv2, if there is such a judge.
    """

    concept: str
    pair: str
    method: str
    seed: int
    target: float
    source: float
    background: float | None


class Edits(RealStudy[EditCase, EditRow]):
    """Every method on every pair of prompts."""

    def cases(self, scope: Scope) -> list[EditCase]:
        """Pairs of prompts of every concept that the HRV has."""
        seeds = SEEDS[: scope.size.seeds]
        return [
            {"concept": concept, "source": source, "target": target, "seeds": seeds}
            for concept, pairs in edit_pairs(scope.authors).items()
            if concept in scope.hrv.concepts
            for source, target in pairs[: scope.size.prompts]
        ]

    def run(self, lab: Lab, case: EditCase) -> list[EditRow]:
        return [_row(lab, case, method, seed) for method in METHODS for seed in case["seeds"]]


def _row(lab: Lab, case: EditCase, method: str, seed: int) -> EditRow:
    source, edited = edit(lab, case, METHODS[method], seed)
    target = cosines(lab.judge, edited, [case["target"]])
    kept = lab.judge.images(edited) @ lab.judge.images(source).T
    return {
        "concept": case["concept"],
        "pair": f"{case['source']} > {case['target']}",
        "method": method,
        "seed": seed,
        "target": float(target),
        "source": float(kept),
        "background": _background(lab, case, seed, source, edited),
    }


def _background(
    lab: Lab, case: EditCase, seed: int, source: torch.Tensor, edited: torch.Tensor
) -> float | None:
    """By the user's mask of the source image; without a mask of the whole images."""
    if lab.extras.background is None:
        return None
    name = lab.keep(f"edit {case['source']} {seed}", source[0])
    thing = lab.mask(name, (source.shape[1], source.shape[2]))
    return background_cosine(lab.extras.background, source, edited, thing)


def edit(lab: Lab, case: EditCase, how: Method, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Source and edited image (1, height, width, 3)."""
    made = HRVP2PEdit.execute(
        lab.model,
        lab.prompt(case["source"]),
        lab.prompt(case["target"]),
        lab.empty(),
        mode="replace" if _as_long(case) else "refine",
        words="",
        cross_replace=how.cross_replace,
        self_replace={"self_replace": "custom", "share": how.self_replace},
        concept=case["concept"],
        strength=1.0,
        hrv=lab.hrv if how.with_hrv else None,
    ).args
    latent = lab.latent(made[0], made[1], seed, made[2])
    source, edited = HRVP2PSplit.execute(lab.vae.decode(latent).cpu()).args[:2]
    return source, edited


def _as_long(case: EditCase) -> bool:
    return len(case["source"].split()) == len(case["target"].split())


class Edit(RealExperiment[EditRow]):
    """Editing by P2P and P2P-HRV."""

    name = "edit"
    title = "Editing: the target prompt against the source image"
    paper = (
        "CLIP similarity of P2P-HRV 2.32 to 11.79% above the best other method; Figure 7, Table 1"
    )
    version = 2
    studies = (Edits(),)

    def table(self, rows: Sequence[EditRow]) -> Columns:
        """Concept and method -> mean similarities."""
        return table_of(
            Scored(
                f"{row['concept']}: {row['method']}",
                row["pair"],
                given(
                    {
                        "CLIP, target prompt": row["target"],
                        "CLIP, source image": row["source"],
                        "DINOv2, background": row["background"],
                    }
                ),
            )
            for row in rows
        )
