"""Votes for HRVs, counted image by image, so that cases can be added up and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from ...hrv.construct.concepts import ConceptWords
from ...hrv.construct.vectors import vectors_of
from ...hrv.similarity import cosine as vector_cosine
from .lab import Lab

BATCH = 20

Words = Mapping[str, Sequence[str]]


def count_votes(
    lab: Lab, words: Words, prompts: Sequence[str], seed: int, steps: int = 10, bins: int = 1
) -> np.ndarray:
    """Votes (prompts, T, N, H) int64: of each image, in T timestep bins.

    Images are sampled as for the shipped HRV (recipe "paper", guidance 4), by twenties.
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
    each = [found[number] for number in range(len(prompts))]
    return torch.stack(each).numpy()


def hrvs(votes: np.ndarray) -> np.ndarray:
    """HRVs (..., N, H) of votes (..., N, H); a concept without any vote gets zeros."""
    return vectors_of(torch.from_numpy(np.asarray(votes))).numpy()


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine along the last axis, with broadcasting; 0 where one of them is all zeros."""
    return vector_cosine(torch.from_numpy(a), torch.from_numpy(b)).numpy()
