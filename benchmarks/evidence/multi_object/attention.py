"""Whether attention to a word goes with its object being there, as Attend-and-Excite supposes."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..lab import Conditioning, Lab


def attended(
    lab: Lab, kinds: Sequence[str], seeds: Sequence[int], positive: Conditioning
) -> dict[str, list[list[float]]]:
    """Resolution -> for each object the strongest attention to its word, image by image.

    Of plain sampling, the mean over steps and over the heads of that resolution. Sampled anew, so
    that the time kept for plain images is not that of watching.
    """
    from ....nodes.maps.capture import HRVCapture

    model, captured = HRVCapture.execute(lab.model, positive).args
    latent = lab.latents(model, positive, seeds)
    found: dict[str, list[list[float]]] = {}
    for kind in kinds:
        _, layers = captured.word(latent, kind)
        for size in sorted({layer.size for layer in layers}, reverse=True):
            maps = torch.cat([each.maps for each in layers if each.size == size], dim=1)
            strongest = maps.mean(dim=(1, 2)).amax(dim=(-2, -1))
            found.setdefault(f"{size[0]} x {size[1]}", []).append(strongest.tolist())
    return found
