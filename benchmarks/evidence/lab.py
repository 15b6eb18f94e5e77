"""The demo model, its judge and its HRV: what every experiment of the evidence samples with.

Nothing of ComfyUI is imported before a `Lab` samples, so that summaries and pages need no host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...demo.judge import Judge, Verdict, load_judge
from ...demo.sampling import Sampling
from ...hrv.files.hrv_file import load_relevance
from ...hrv.relevance import HeadRelevance, Kind

Conditioning = list[list[Any]]

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"

FILES = ("demo_model.safetensors", "demo_judge.safetensors", "demo.hrv.safetensors")
"""The model, its judge and its voted HRV."""
MEASURED = "demo-measured.hrv.safetensors"
"""The same concepts, measured by gradients."""

USUAL = Sampling(steps=10)
"""How images are sampled unless an experiment says otherwise."""


class Lab:
    """The demo model, its judge and its HRV, loaded when first asked for."""

    def __init__(self, folder: Path = PRETRAINED) -> None:
        self.folder = folder

    @cached_property
    def parts(self) -> tuple[Any, Any, Any]:
        """MODEL, CLIP and VAE of the demo model."""
        from ...demo.model import load_demo_model

        return load_demo_model(self.folder / FILES[0])

    @property
    def model(self) -> Any:
        """The plain MODEL."""
        return self.parts[0]

    @property
    def clip(self) -> Any:
        """The CLIP."""
        return self.parts[1]

    @property
    def vae(self) -> Any:
        """The VAE."""
        return self.parts[2]

    @cached_property
    def judge(self) -> Judge:
        """The judge of the demo world."""
        return load_judge(self.folder / FILES[1])

    @cached_property
    def relevance(self) -> HeadRelevance:
        """The demo model's HRV, voted."""
        return load_relevance(self.folder / FILES[2])

    @cached_property
    def measured(self) -> HeadRelevance:
        """The same concepts, measured: signed effects of every head."""
        return load_relevance(self.folder / MEASURED)

    def vectors(self, kind: Kind) -> HeadRelevance:
        """The voted or the measured ones."""
        return self.measured if kind == "measured" else self.relevance

    @cached_property
    def _negative(self) -> Conditioning:
        return self.clip.encode_from_tokens_scheduled(self.clip.tokenize(""))

    def prompt(self, text: str) -> Conditioning:
        """The prompt as HRV Prompt encodes it."""
        from ...nodes.prompts.nodes import HRVPrompt

        return HRVPrompt.execute(text, self.clip).args[0]

    def steered(self, prompt: Conditioning, words: str, rescale: Tensor, label: str) -> Any:
        """A model that rescales the words' attention maps by `rescale` (H,) in every step."""
        from ...nodes.steering.steering import Steering, steered

        return steered(self.model, self.relevance, prompt, Steering(label, words, rescale))

    def latents(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
        pairs: bool = False,
    ) -> Tensor:
        """Latents (B, 48, 8, 8) from the host's sampler, image i from the noise of seed i.

        positive: a prompt, or a CONDITIONING of one row or of B rows; pairs: every noise twice in
        a row, as P2P-HRV Edit needs it, so that B is twice the number of seeds.
        """
        from ...demo.generate import noise, sample

        start = noise(seeds)
        start = start.repeat_interleave(2, dim=0) if pairs else start
        asked = self.prompt(positive) if isinstance(positive, str) else positive
        with torch.inference_mode():
            return sample(model, start, asked, self._negative, seeds[0], how)

    def sample(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
        pairs: bool = False,
    ) -> Tensor:
        """Images (B, 64, 64, 3) in [0, 1]; see `latents`."""
        return self.vae.decode(self.latents(model, positive, seeds, how, pairs))

    def see(
        self,
        model: Any,
        positive: str | Conditioning,
        seeds: Sequence[int],
        how: Sampling = USUAL,
    ) -> list[Verdict]:
        """What the judge sees in the images of these seeds."""
        return self.judge(self.sample(model, positive, seeds, how))


def digest_of_files(folder: Path = PRETRAINED) -> str:
    """One digest of the model, its judge and its voted HRV."""
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ValueError(f"The demo's {name} is expected in {folder}, but it is not there.")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Vectors:
    """Which vectors a case uses; digest: of measured ones, so that a case is another one when they
    change, and all others stay."""

    kind: Kind
    digest: str = ""


def measured_digest(folder: Path = PRETRAINED) -> str:
    """The digest of the measured vectors; "" where there is no file of them."""
    path = folder / MEASURED
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def vectors_at_hand(folder: Path = PRETRAINED) -> list[Vectors]:
    """The voted vectors, and the measured ones where there is a file of them."""
    measured = measured_digest(folder)
    return [Vectors("voted"), *([Vectors("measured", measured)] if measured else [])]
