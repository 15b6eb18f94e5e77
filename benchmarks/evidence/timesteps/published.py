"""The authors' own vectors of every sampling step, where they are at hand: `HRV_AUTHORS_DATA`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypedDict

import numpy as np

from ....hrv.files.authors import import_authors_by_step
from ..experiment import DemoStudy, Size
from ..lab import Lab
from .alike import Alike, alike, tenths

FOLDER = "HRV_AUTHORS_DATA"
"""The environment variable that names a folder with the published files."""
_STEM = "epoch_1_to_1_neg_prompt_False_merged_340_final_text_descriptions_sd_v1_4"
FILES = (
    f"category_vectors_{_STEM}_per_timesteps.npy",
    f"head_index_{_STEM}.npy",
    "340_final_text_list.csv",
)


class PublishedCase(TypedDict):
    """The published vectors."""

    kind: str
    file: str


class PublishedRow(TypedDict):
    """Steps, concepts and heads; how alike they are step by step, and in tenths of the steps."""

    kind: str
    shape: list[int]
    steps: Alike
    tenths: Alike


class Published(DemoStudy[PublishedCase, PublishedRow]):
    """Cosines of the vectors that the paper's figures 10 and 47 show; nothing is sampled."""

    tag, kinds = "kind", ("published",)

    def cases(self, size: Size) -> list[PublishedCase]:
        """One where the folder is named, and none else."""
        return [{"kind": "published", "file": FILES[0]}] if os.environ.get(FOLDER) else []

    def run(self, lab: Lab, case: PublishedCase) -> PublishedRow:
        folder = Path(os.environ[FOLDER])
        vectors, heads, words = (folder / name for name in FILES)
        imported = import_authors_by_step(vectors, heads, words)
        found = np.stack([one.vectors.numpy() for one in imported]).astype(float)
        return {
            "kind": "published",
            "shape": list(found.shape),
            "steps": alike(found),
            "tenths": alike(tenths(found)),
        }

    def cost(self, case: PublishedCase) -> float:
        return 1.0
