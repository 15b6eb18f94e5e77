"""Sampling the images of a construction: prompts encoded, noise by their numbers, the sampler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import comfy.sample
import torch

from ..prompts.encoding import untagged
from ..prompts.plain import plain_tokens
from ..prompts.tag import Conditioning, tag
from ..shared.noise import derived_seed, latent_shape, seeded_noise
from .settings import Sampling
from .voting import drawn_prompt


@dataclass(frozen=True, eq=False)
class Encoded:
    """A prompt as the CLIP gives it: embedding (1, tokens, width), pooled (1, width) if any.

    more: what else some transformers are given.
    """

    embedding: torch.Tensor
    pooled: torch.Tensor | None
    more: Mapping[str, Any]


class Sampler:
    """Samples images of prompts with `model`, as an ordinary sampler node would.

    plain: prompts are read as the authors' code reads them (`plain_tokens`), else as CLIP Text
    Encode does. ValueError if the size of the images does not fit the model's latents.
    """

    def __init__(self, model: Any, clip: Any, sampling: Sampling, plain: bool = False) -> None:
        self.model, self.clip, self.sampling, self.plain = model, clip, sampling, plain
        self.shape = latent_shape(model, sampling.width, sampling.height)
        self.negative = untagged(clip, "")

    def encode(self, prompts: Mapping[int, str]) -> dict[int, Encoded]:
        """The prompts with these numbers, encoded."""
        return {number: self._encode(text) for number, text in prompts.items()}

    def _encode(self, text: str) -> Encoded:
        tokens = plain_tokens(self.clip, text) if self.plain else self.clip.tokenize(text)
        found = self.clip.encode_from_tokens(tokens, return_pooled=True, return_dict=True)
        more = {k: v for k, v in found.items() if k not in ("cond", "pooled_output")}
        return Encoded(found["cond"], found["pooled_output"], more)

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
            seed=derived_seed(how.seed, f"sampler of prompt: {numbers[0]}"),
        )

    def _positive(self, encoded: Mapping[int, Encoded]) -> Conditioning:
        """One conditioning with a row for each prompt, tagged with their numbers."""
        rows = torch.cat([each.embedding for each in encoded.values()])
        options: dict[str, Any] = {"width": self.sampling.width, "height": self.sampling.height}
        pooled = [each.pooled for each in encoded.values() if each.pooled is not None]
        if pooled:
            options["pooled_output"] = torch.cat(pooled)
        if len(encoded) == 1:
            options |= next(iter(encoded.values())).more
        return tag([[rows, options]], drawn_prompt(tuple(encoded)))

    def _noise(self, number: int) -> torch.Tensor:
        """The starting noise of a prompt, from the seed and its number alone."""
        return seeded_noise(self.sampling.seed, f"noise of prompt: {number}", self.shape)


def one_by_one(encoded: Mapping[int, Encoded]) -> Iterable[dict[int, Encoded]]:
    """Each prompt alone."""
    return ({number: each} for number, each in encoded.items())


def by_length(encoded: Mapping[int, Encoded]) -> Iterable[dict[int, Encoded]]:
    """Prompts of equal length together: only these can share U-Net calls."""
    lengths: Sequence[int] = sorted({each.embedding.shape[1] for each in encoded.values()})
    for length in lengths:
        yield {n: each for n, each in encoded.items() if each.embedding.shape[1] == length}
