"""What is disturbed: a construction, a measured one, a file saved again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch

from ...demo.concepts import CONCEPTS, FULL_CONCEPTS, TEMPLATE, prompts
from ...hrv.construct.concepts import concept_words, format_concepts
from ...hrv.files.hrv_file import load_relevance, save_relevance
from ...hrv.files.vote_file import load_votes
from ...nodes.construct.run import drawn_texts
from ...nodes.construct.settings import (
    MEASURED,
    Batching,
    ConstructSettings,
    Measuring,
    Sampling,
)
from ...nodes.library.folders import PRETRAINED
from ..construct_job import Job

BATCH = 2
Tell = Callable[[int], None]
"""Told how much is done."""


class Scene(Protocol):
    """Work that writes one file."""

    @property
    def name(self) -> str: ...

    @property
    def file(self) -> str: ...

    @property
    def whole(self) -> int:
        """How much there is to do."""

    def run(self, path: Path, tell: Tell) -> None:
        """Go on until all is done."""

    def kept(self, path: Path) -> int:
        """How much the file holds; ValueError where it is damaged."""


@dataclass(frozen=True)
class Constructing:
    """HRV Construct, saved every `BATCH` images."""

    name: str
    job: Job
    file: str = "run.votes"

    @property
    def whole(self) -> int:
        return len(self.job.prompts)

    def run(self, path: Path, tell: Tell) -> None:
        with torch.inference_mode():
            self.job.construction(path).run(lambda now: tell(now.done))

    def kept(self, path: Path) -> int:
        return load_votes(path).done


@dataclass(frozen=True)
class Saving:
    """The demo's HRV, its provenance counting the savings."""

    name: str
    whole: int = 400
    file: str = "a.safetensors"

    def run(self, path: Path, tell: Tell) -> None:
        hrv = load_relevance(PRETRAINED / "demo.hrv.safetensors")
        first = self.kept(path) if path.exists() else 0
        for number in range(first + 1, self.whole + 1):
            save_relevance(path, replace(hrv, provenance={"number": str(number)}))
            tell(number)

    def kept(self, path: Path) -> int:
        return int(load_relevance(path).provenance["number"])


def scenes(images: int = 16) -> tuple[Scene, ...]:
    """One of each kind."""
    settings = ConstructSettings(
        sampling=Sampling(seed=0, steps=2, cfg=4.0, width=64, height=64),
        batching=Batching(size=BATCH),
    )
    measured = replace(
        settings, recipe=MEASURED, measuring=Measuring(templates=TEMPLATE, images=1, swaps=1)
    )
    words, full = concept_words(CONCEPTS), concept_words(FULL_CONCEPTS)
    voting = Job("", format_concepts(words), tuple(prompts(images, 0)), settings, 1)
    drawn = tuple(drawn_texts(full, measured, images))
    measuring = Job("", format_concepts(full), drawn, measured, 1)
    return (
        Constructing("HRV Construct", voting),
        Constructing("HRV Construct, recipe measured", measuring),
        Saving("HRV Save"),
    )
