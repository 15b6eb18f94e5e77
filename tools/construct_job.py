"""A construction as plain data, so that a batch scheduler or another machine can run a part."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import comfy.sd
import torch

from ..demo.model import load_demo_model
from ..hrv.construct.concepts import parse_concepts
from ..nodes.construct.run import Construction
from ..nodes.construct.settings import Batching, ConstructSettings, Measuring, Sampling
from ..nodes.library.folders import PRETRAINED


@dataclasses.dataclass(frozen=True)
class Job:
    """checkpoint: a file, "" for the demo model; concepts: text, one concept per line.

    threads: of the CPU, since sums of floating-point numbers depend on it; 0: as they are.
    """

    checkpoint: str
    concepts: str
    prompts: tuple[str, ...]
    settings: ConstructSettings
    threads: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The job as plain lists, texts and numbers."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Job:
        """Read `as_dict` back."""
        settings = fields["settings"]
        parts = {
            "sampling": Sampling(**settings["sampling"]),
            "batching": Batching(**settings["batching"]),
            "measuring": Measuring(**settings["measuring"]),
        }
        read = {
            "prompts": tuple(fields["prompts"]),
            "settings": ConstructSettings(**{**settings, **parts}),
        }
        return cls(**{**fields, **read})

    def construction(self, path: Path | None = None) -> Construction:
        """Checked and ready to run; the model stays loaded for the next job."""
        if self.threads:
            torch.set_num_threads(self.threads)
        model, clip = _load(self.checkpoint)
        words = parse_concepts(self.concepts)
        return Construction(model, clip, words, self.prompts, self.settings, path)


@cache
def _load(checkpoint: str) -> tuple[Any, Any]:
    with torch.inference_mode():
        if not checkpoint:
            model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
            return model, clip
        if not Path(checkpoint).is_file():
            raise ValueError(f"There is no checkpoint {checkpoint}.")
        loaded = comfy.sd.load_checkpoint_guess_config(checkpoint, output_vae=False)
        return loaded[0], loaded[1]
