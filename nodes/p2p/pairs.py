"""Pairs of source and target: one conditioning and one latent batch for both."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import torch

from ...hrv.attention import repeated
from ..prompts.tag import TAG, Conditioning, Prompt, prompts_of


def single(conditioning: Conditioning, name: str) -> Prompt:
    """The prompt of a CONDITIONING with one entry and one image; ValueError otherwise."""
    prompt = prompts_of(conditioning)[0]
    if len(conditioning) != 1 or conditioning[0][0].shape[0] != 1:
        raise ValueError(
            f"Connect a single HRV Prompt as {name}: this conditioning is combined or batched "
            f"({len(conditioning)} found)."
        )
    if len(prompt.tables) != 1:
        raise ValueError(
            f"The {name} prompt has different texts for its two text encoders. Encode it with "
            "HRV Prompt, which gives both the same."
        )
    found, expected = conditioning[0][0].shape[1], prompt.tables[0].length
    expected *= 2 if prompt.doubled else 1
    if found != expected:
        raise ValueError(
            f"The {name} prompt has {expected} token positions but its conditioning {found}. "
            "Concatenated prompts cannot be edited: write the whole text into one HRV Prompt."
        )
    return prompt


def pair_prompt(source: Prompt, target: Prompt, unique_id: Any) -> Prompt:
    """The identity of a pair, whose words are the target's."""
    digest = hashlib.sha256(f"{unique_id}\n{source.id}\n{target.id}".encode()).hexdigest()
    return Prompt(digest[:16], target.text, target.tables, members=(source, target))


def pair_conditioning(source: Conditioning, target: Conditioning, pair: Prompt) -> Conditioning:
    """One entry with a batch of two, source and target; the host repeats it for every seed.

    A shorter context is repeated to the common length, as the host does within a batch.
    """
    (first, source_options), (second, target_options) = source[0], target[0]
    length = math.lcm(first.shape[1], second.shape[1])
    contexts = [repeated(context, length, dim=1) for context in (first, second)]
    options = {**source_options, **target_options, TAG: pair}
    pooled = [o.get("pooled_output") for o in (source_options, target_options)]
    if all(p is not None for p in pooled):
        options["pooled_output"] = torch.cat(pooled)
    return [[torch.cat(contexts), options]]


def pair_latent(latent: dict[str, Any]) -> dict[str, Any]:
    """Every latent twice in a row, with the same number in the noise sequence."""
    samples = latent["samples"]
    numbers = latent.get("batch_index") or range(len(samples))
    paired = {
        **latent,
        "samples": samples.repeat_interleave(2, dim=0),
        "batch_index": [number for number in numbers for _ in range(2)],
    }
    mask = latent.get("noise_mask")
    if mask is not None and len(mask) > 1:
        paired["noise_mask"] = mask.repeat_interleave(2, dim=0)
    return paired


def split_pairs(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Source and edited images (n, ...) of a batch (2n, ...); ValueError if 2n is odd."""
    if len(images) % 2:
        raise ValueError(
            f"P2P Split needs pairs of images; found {len(images)}. Give it the whole batch "
            "that the sampler made from P2P-HRV Edit's latent."
        )
    return images[0::2], images[1::2]


def split_latent(latent: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Source and edited LATENT of a paired one; what has no entry per image stays as it is."""
    samples = split_pairs(latent["samples"])
    parts = tuple({**latent, "samples": half} for half in samples)
    for key in ("noise_mask", "batch_index"):
        entries = latent.get(key)
        if entries is not None and len(entries) == len(latent["samples"]):
            for member, part in enumerate(parts):
                part[key] = entries[member::2]
    return parts[0], parts[1]
