"""Sampling the images of a construction: prompts encoded, noise by their numbers, the sampler."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import comfy.sample
import torch

from ..prompts.tag import Conditioning, tag
from .settings import Sampling
from .voting import drawn_prompt


@dataclass(frozen=True, eq=False)
class Encoded:
    """A prompt as the CLIP gives it: embedding (1, tokens, width), pooled (1, width) if any."""

    embedding: torch.Tensor
    pooled: torch.Tensor | None


class Sampler:
    """Samples images of prompts with `model`, as an ordinary sampler node would.

    ValueError if the size of the images does not fit the model's latents.
    """

    def __init__(self, model: Any, clip: Any, sampling: Sampling) -> None:
        self.model, self.clip, self.sampling = model, clip, sampling
        ratio = _downscale(model)
        if sampling.width % ratio or sampling.height % ratio:
            raise ValueError(
                f"Width and height must be multiples of {ratio}; found {sampling.width} x "
                f"{sampling.height}."
            )
        self.negative = clip.encode_from_tokens_scheduled(clip.tokenize(""))

    def encode(self, prompts: Mapping[int, str]) -> dict[int, Encoded]:
        """The prompts with these numbers, encoded."""
        return {number: self._encode(text) for number, text in prompts.items()}

    def _encode(self, text: str) -> Encoded:
        tokens = self.clip.tokenize(text)
        found = self.clip.encode_from_tokens(tokens, return_pooled=True, return_dict=True)
        return Encoded(found["cond"], found["pooled_output"])

    def sample(self, encoded: Mapping[int, Encoded]) -> None:
        """One image of each of these prompts, by its number, in common U-Net calls."""
        how, numbers = self.sampling, tuple(encoded)
        noise = torch.stack([self._noise(number) for number in numbers])
        comfy.sample.sample(
            self.model,
            noise,
            how.steps,
            how.cfg,
            how.sampler,
            how.scheduler,
            self._positive(encoded),
            self.negative,
            torch.zeros_like(noise),
            disable_pbar=True,
            seed=_derived(how.seed, f"sampler of prompt: {numbers[0]}"),
        )

    def _positive(self, encoded: Mapping[int, Encoded]) -> Conditioning:
        """One conditioning with a row for each prompt, tagged with their numbers."""
        rows = torch.cat([each.embedding for each in encoded.values()])
        options: dict[str, Any] = {"width": self.sampling.width, "height": self.sampling.height}
        pooled = [each.pooled for each in encoded.values() if each.pooled is not None]
        if pooled:
            options["pooled_output"] = torch.cat(pooled)
        return tag([[rows, options]], drawn_prompt(tuple(encoded)))

    def _noise(self, number: int) -> torch.Tensor:
        """The starting noise of a prompt, from the seed and its number alone."""
        ratio, channels = _downscale(self.model), _latent_format(self.model).latent_channels
        shape = (channels, self.sampling.height // ratio, self.sampling.width // ratio)
        seed = _derived(self.sampling.seed, f"noise of prompt: {number}")
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def one_by_one(encoded: Mapping[int, Encoded]) -> Iterable[dict[int, Encoded]]:
    """Each prompt alone."""
    return ({number: each} for number, each in encoded.items())


def by_length(encoded: Mapping[int, Encoded]) -> Iterable[dict[int, Encoded]]:
    """Prompts of equal length together: only these can share U-Net calls."""
    lengths: Sequence[int] = sorted({each.embedding.shape[1] for each in encoded.values()})
    for length in lengths:
        yield {n: each for n, each in encoded.items() if each.embedding.shape[1] == length}


def _latent_format(model: Any) -> Any:
    return model.get_model_object("latent_format")


def _downscale(model: Any) -> int:
    """Pixels of the image along a side of one pixel of the latent."""
    return int(getattr(_latent_format(model), "spacial_downscale_ratio", 8))


def _derived(seed: int, use: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}, {use}".encode()).digest()[:7], "big")
