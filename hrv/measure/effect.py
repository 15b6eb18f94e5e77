"""Head effects: how far each head turns the model's prediction from one reading to another.

I: images; H: cross-attention heads; T: sampling steps. At a step, D(r) is the clean latent that the
model predicts for the prompt whose word has its attention maps rescaled by r, head by head; D_A and
D_B are its predictions, at the same noisy latent, for the same prompt with the word's two readings
put in its place. Own method: no paper has these equations.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .precision import wide


def way_direction(way: Tensor) -> Tensor:
    """way / |way|^2 of each image, like way (I, channels, [frames,] height, width), `wide`.

    way = D_B - D_A. ValueError where a way has no length, for then it has no direction either.
    """
    way = wide(way.detach())
    length = way.square().flatten(1).sum(dim=1)
    if not bool((length.isfinite() & (length > 0)).all()):
        raise ValueError(
            "The model predicts the same image, or none, for both readings, so there is no way "
            "from one to the other. Use phrases that the model draws differently, and a model "
            "whose predictions are finite (bfloat16 or float32)."
        )
    return way / length.view(-1, *[1] * (way.ndim - 1))


def image_effects(shares: Tensor, r: Tensor, again: bool = False) -> Tensor:
    """ds_i / dr_i for every image at once, (I, H): shares (I,), each a function of its row of r.

    One backward pass serves all images, since no image depends on another's row. again: the graph
    is kept for other shares of the same pass.
    """
    (found,) = torch.autograd.grad(shares.sum(), r, retain_graph=again)
    return found


@dataclass(frozen=True, eq=False)
class Effects:
    """Sums over images of ds/dr, step by step: sums (T, H) float64, counts (T,) int64 images.

    rescaled: the r (H,) around which they were measured; ones for the model as it is. Sums of
    several runs add up: in any order but for the rounding of float64 (relative 1e-15 an addition).
    """

    sums: Tensor
    counts: Tensor
    rescaled: Tensor

    @classmethod
    def none(cls, steps: int, rescaled: Tensor) -> Effects:
        """No image measured yet, around r = `rescaled` (H,)."""
        sums = torch.zeros(steps, len(rescaled), dtype=torch.float64)
        return cls(sums, torch.zeros(steps, dtype=torch.int64), rescaled.detach().cpu().double())

    def with_images(self, step: int, effects: Tensor) -> Effects:
        """These and the effects (I, H) of some images at one step; ValueError if not finite."""
        if not bool(effects.isfinite().all()):
            raise ValueError(
                f"The gradient of step {step + 1} is not finite. Load the model in bfloat16 or "
                "float32."
            )
        sums, counts = self.sums.clone(), self.counts.clone()
        sums[step] += effects.detach().cpu().double().sum(dim=0)
        counts[step] += len(effects)
        return Effects(sums, counts, self.rescaled)

    def merged(self, other: Effects) -> Effects:
        """As if the images of both had been measured together; ValueError if they cannot be."""
        if self.sums.shape != other.sums.shape:
            raise ValueError(
                f"Effects over {len(self.sums)} steps of {self.sums.shape[1]} heads cannot be "
                f"added to those over {len(other.sums)} steps of {other.sums.shape[1]} heads."
            )
        if not torch.equal(self.rescaled, other.rescaled):
            raise ValueError(
                "Effects measured around different rescale vectors belong to different points and "
                "cannot be added."
            )
        return Effects(self.sums + other.sums, self.counts + other.counts, self.rescaled)

    def mean(self) -> Tensor:
        """g = mean over steps and images of ds/dr, (H,) float64. ValueError with no image."""
        if not bool(self.counts.any()):
            raise ValueError(
                "No image has been measured, since the prompt acts in none of the steps. Give its "
                "conditioning a timestep range that has some of them, or none, or raise steps."
            )
        return self.sums.sum(dim=0) / self.counts.sum()
