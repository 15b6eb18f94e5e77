"""HRVs of the parts of the denoising, and what a new concept changes in the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....demo.concepts import CONCEPTS, prompts
from ...framework.statistics import Interval, interval_of
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from ..voting import BATCH, cosine, count_votes, hrvs
from . import figures as timesteps_figures
from . import words
from .tsne import tsne

SEED = SEEDS["timesteps"]
BINS, STEPS = 10, 20
BATCHES = {"quick": 3, "full": 10}
"""Twenties of prompts whose votes are counted in parts."""
DEALT = {"quick": 3, "full": 10}
"""The same for words that are dealt into concepts at random."""
COMPARED = {"quick": 1, "full": 6}
"""Twenties of prompts for every set of concepts that is compared."""
RERUN = 50_000
PUBLISHED = (0.90, 0.30)
"""The two means of the vectors published for SD1.4, at each of 51 steps and 34 concepts."""


class Timesteps(Experiment):
    """Do heads keep their concept while a picture is denoised, and in a larger set?"""

    name = "timesteps"
    title = "HRVs over the denoising, and a concept added to the set"
    paper = (
        "Figures 10 and 47: HRVs cluster by concept, not by timestep; in the vectors published for "
        "SD1.4, mean cosine of a concept at two timesteps "
        f"{PUBLISHED[0]:.2f}, of two concepts at one timestep {PUBLISHED[1]:.2f}. Figures 48 and "
        "49: a concept added to the set"
    )

    def cases(self, size: Size) -> list[Case]:
        parts = [{"kind": "parts", "batch": i, "seed": SEED + i} for i in range(BATCHES[size])]
        dealt = [{"kind": "dealt", "batch": i, "seed": SEED + i} for i in range(DEALT[size])]
        chosen = tuple(CONCEPTS) if size == "full" else tuple(CONCEPTS)[4:7]
        batches = COMPARED[size]
        sets = [
            {"kind": "all", "without": "", "batches": batches, "seed": SEED},
            {"kind": "rerun", "without": "", "batches": batches, "seed": SEED + RERUN},
            *(
                {"kind": "without", "without": concept, "batches": batches, "seed": SEED}
                for concept in chosen
            ),
        ]
        return [*parts, *dealt, *sets]

    def run(self, lab: Lab, case: Case) -> Rows:
        kept: dict[str, Sequence[str]] = {}
        kept |= {name: listed for name, listed in CONCEPTS.items() if name != case.get("without")}
        if case["kind"] in ("parts", "dealt"):
            if case["kind"] == "dealt":
                kept = {**dealt_words()}
            texts = prompts(BATCH, case["seed"])
            votes = count_votes(lab, kept, texts, case["seed"], STEPS, BINS)
        else:
            texts = prompts(BATCH * case["batches"], case["seed"])
            votes = count_votes(lab, kept, texts, case["seed"])
        total = votes.sum(axis=0)
        named = {key: case.get(key, "") for key in ("kind", "without")}
        return {**named, "concepts": list(kept), "prompts": len(texts), "votes": total.tolist()}

    def summarise(self, rows: list[Rows]) -> Summary:
        parts = [row for row in rows if row["kind"] == "parts"]
        votes = np.array([row["votes"] for row in parts])
        dealt = np.array([row["votes"] for row in rows if row["kind"] == "dealt"])
        separated = separation(votes) if parts else {}
        control = separation(dealt) if len(dealt) else {}
        fair = separation(votes[: len(dealt)]) if parts and len(dealt) else {}
        added = new_concept(rows)
        data = {**separated, "dealt": control, "as many": fair, "added": added}
        if parts:
            data["points"] = _points(votes)
            data["concepts"] = parts[0]["concepts"]
            data["prompts"] = sum(row["prompts"] for row in parts)
        return {
            "ours": words.ours(separated, BINS, data.get("prompts", 0)),
            "interval": separated.get("interval"),
            "sentence": words.sentence(separated),
            "findings": [
                words.control(fair, control),
                words.drift(separated),
                words.added_sentence(added),
            ],
            "tables": [words.table(added)] if added["rows"] else [],
            "captions": timesteps_figures.CAPTIONS,
            "data": data,
        }

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return timesteps_figures.draw(self.name, summary["data"], folder)

    def cost(self, case: Case) -> float:
        return 8.0 if case["kind"] in ("parts", "dealt") else 3.5 * case["batches"]


EXPERIMENT = Timesteps()


def dealt_words() -> dict[str, list[str]]:
    """The concept-words dealt at random into lists of the same sizes: concepts of nothing."""
    words = [word for listed in CONCEPTS.values() for word in listed]
    order = iter(np.random.default_rng(SEED).permutation(words).tolist())
    return {f"Dealt {i}": [next(order) for _ in v] for i, v in enumerate(CONCEPTS.values(), 1)}


def separation(votes: np.ndarray) -> dict[str, Any]:
    """How alike HRVs are, from votes (batches, T, N, H).

    across: mean cosine of a concept in two parts; within: of two concepts in one part; interval:
    95%, of their difference, batches of prompts drawn; nearest: share of HRVs whose nearest one in
    another part is the same concept's; apart: mean cosine by distance of the parts.
    """
    vectors = hrvs(votes.sum(axis=0))
    across, within, apart = _means(vectors)

    def difference(drawn: np.ndarray) -> float:
        again = _means(hrvs(votes[drawn].sum(axis=0)))
        return again[0] - again[1]

    return {
        "across": across,
        "within": within,
        "interval": list(interval_of(difference, len(votes), rounds=400)),
        "nearest": nearest_share(vectors),
        "apart": apart,
    }


def _means(vectors: np.ndarray) -> tuple[float, float, list[float]]:
    """Across parts, within parts, and across parts by their distance; vectors (T, N, H)."""
    parts, concepts, _ = vectors.shape
    same = cosine(vectors[:, None], vectors[None]).mean(axis=-1)  # T T
    other = cosine(vectors[:, :, None], vectors[:, None]).mean(axis=0)  # N N
    apart = [float(np.diagonal(same, step).mean()) for step in range(parts)]
    off = ~np.eye(parts, dtype=bool), ~np.eye(concepts, dtype=bool)
    return float(same[off[0]].mean()), float(other[off[1]].mean()), apart


def nearest_share(vectors: np.ndarray) -> float:
    """Share of HRVs (T, N, H) whose nearest one in another part is of the same concept."""
    parts, concepts, _ = vectors.shape
    alike = cosine(vectors[:, :, None, None], vectors[None, None])  # T N T N
    alike[np.arange(parts), :, np.arange(parts)] = -1
    best = alike.reshape(parts, concepts, -1).argmax(axis=-1) % concepts
    return float((best == np.arange(concepts)).mean())


def _points(votes: np.ndarray) -> list[Any]:
    vectors = hrvs(votes.sum(axis=0))
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    places = tsne(unit.reshape(-1, unit.shape[-1]))
    return np.round(places, 3).reshape(*vectors.shape[:2], 2).tolist()


def new_concept(rows: list[Rows]) -> dict[str, Any]:
    """Cosine of the old concepts' HRVs before and after one more is put in.

    rows: by concept, mean and lowest cosine of the old ones; rerun: the same for a set that does
    not change, from other prompts and noise; interval: 95% of the mean, concepts drawn; less
    than rerun: of how much lower that is than the same concepts' cosine in the rerun.
    """
    sets = {row["kind"]: row for row in rows if row["kind"] in ("all", "rerun")}
    if not {"all", "rerun"} <= sets.keys():
        return {"rows": {}}
    every = _by_concept(sets["all"])
    rerun = _by_concept(sets["rerun"])
    noise = [float(cosine(every[name], rerun[name])) for name in every]
    still = dict(zip(every, noise, strict=True))
    found: dict[str, list[float]] = {}
    less: list[float] = []
    for row in (row for row in rows if row["kind"] == "without"):
        before = _by_concept(row)
        found[row["without"]] = [float(cosine(before[name], every[name])) for name in before]
        less.append(
            float(np.mean([still[name] for name in before]) - np.mean(found[row["without"]]))
        )
    means = np.array([np.mean(values) for values in found.values()])
    interval: Interval = interval_of(lambda drawn: float(means[drawn].mean()), len(means))
    gaps = np.array(less)
    paired: Interval = interval_of(lambda drawn: float(gaps[drawn].mean()), len(gaps))
    return {
        "rows": {name: [float(np.mean(v)), float(min(v))] for name, v in found.items()},
        "mean": float(means.mean()),
        "interval": list(interval),
        "less than rerun": list(paired),
        "rerun": [float(np.mean(noise)), float(min(noise))],
    }


def _by_concept(row: Rows) -> dict[str, np.ndarray]:
    votes = np.array(row["votes"]).sum(axis=0)  # T N H -> N H
    return dict(zip(row["concepts"], hrvs(votes), strict=True))
