"""Votes for HRVs, counted picture by picture, so that cases can be added up and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ...hrv.construct.concepts import ConceptWords
from .framework import Lab

BATCH = 20

Words = Mapping[str, Sequence[str]]


def count_votes(
    lab: Lab, words: Words, prompts: Sequence[str], seed: int, steps: int = 10, bins: int = 1
) -> np.ndarray:
    """Votes (prompts, T, N, H) int64: of each picture, in T equal parts of the denoising.

    Pictures are sampled as for the shipped HRV (recipe "paper", guidance 4), by twenties.
    """
    from ...nodes.construct.run import Construction, Progress
    from ...nodes.construct.settings import Batching, ConstructSettings, Sampling

    listed = ConceptWords(tuple(words), tuple(map(tuple, words.values())))
    settings = ConstructSettings(
        sampling=Sampling(seed=seed, steps=steps, cfg=4.0, width=64, height=64),
        batching=Batching(size=BATCH, exact=False),
        timestep_bins=bins,
    )
    found: dict[int, torch.Tensor] = {}
    with torch.inference_mode():
        run = Construction(lab.model, lab.clip, listed, prompts, settings)

        def keep(progress: Progress) -> None:
            found.update(progress.sampled)

        run.run(keep)
    return torch.stack([found[number] for number in range(len(prompts))]).numpy()


def hrvs(votes: Any) -> np.ndarray:
    """HRVs (..., N, H) of votes (..., N, H): shares within each head, rows of L1 norm H.

    As `normalise_votes`, but a concept without any vote gets zeros instead of an error.
    """
    counts = np.asarray(votes, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=-2, keepdims=True), 1)
    totals = shares.sum(axis=-1, keepdims=True)
    return shares * (counts.shape[-1] / np.where(totals > 0, totals, 1))


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine along the last axis; 0 where one of them is all zeros."""
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return (a * b).sum(axis=-1) / np.where(norms > 0, norms, 1)
