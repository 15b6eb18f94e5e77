"""A word's rescale vector, found in passes: each measures again at the r that was reached.

One linear step (`effect.py`) adds up what every head does alone. Passes follow what the heads do
together. I: images; H: cross-attention heads; D(r), D_A and D_B are the predictions of `effect.py`,
here at the noisy latents of the sampling that r itself steers. Own method: no paper has these
equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .precision import wide
from .steer import unit_effects


def goal(wanted: Tensor, start: Tensor, beyond: float) -> Tensor:
    """T = D_B + beyond (D_B - D_A), like both (I, channels, height, width), `wide`.

    What D(r) is to become: reading B, and somewhat farther from reading A than B is.
    """
    return wide(wanted) + beyond * (wide(wanted) - wide(start))


def distances(prediction: Tensor, aimed: Tensor) -> Tensor:
    """|D(r) - T|^2 of each image, (I,) `wide`; both (I, channels, height, width)."""
    return (wide(prediction) - wide(aimed)).square().flatten(1).sum(dim=1)


@dataclass(frozen=True)
class Refining:
    """How r is refined: passes, each over all steps and images, and the steps between them.

    length: the first step of the head that moves most; reach: |r - 1| of any head at most; beyond:
    see `goal`. ValueError where one is out of its range.
    """

    passes: int = 6
    length: float = 1.0
    reach: float = 3.0
    beyond: float = 0.5

    def __post_init__(self) -> None:
        if self.passes < 1:
            raise ValueError(f"HRV Measure: passes must be 1 or more; found {self.passes}.")
        if not (self.length > 0 and self.reach > 0 and self.beyond >= 0):
            raise ValueError(
                f"A refinement needs a length and a reach above 0, and beyond of 0 or more; found "
                f"{self}."
            )


@dataclass(frozen=True, eq=False)
class Point:
    """What one pass finds at r (H,): distance L(r), the mean of `distances` over steps and images,
    and descent (H,) = -1/2 dL/dr, the mean of d<D(r), T - D>/dr with T - D held constant."""

    r: Tensor
    distance: float
    descent: Tensor


@dataclass(frozen=True, eq=False)
class Refined:
    """The r (H,) with the least distance of those tried; distances: of each pass in turn."""

    r: Tensor
    distances: tuple[float, ...]

    @property
    def left(self) -> float:
        """L(r) / L(1): the share of the distance that is left; 1 where nothing came nearer."""
        return min(self.distances) / self.distances[0] if self.distances[0] else 1.0

    @property
    def strength(self) -> float:
        """max|r - 1|: blended by it, the direction r - 1 steers by r itself (`steer.towards`)."""
        return float((self.r - 1).abs().max())


def refined(measured: Callable[[Tensor], Point], heads: int, how: Refining) -> Refined:
    """Descend from r = 1 by the passes' own gradients, in a trust region.

    A pass at `further` of the best r so far; half as far from there after one that came no nearer.
    All passes must use the same noise, so that their distances compare; L of the result is then at
    most L(1). ValueError where no head has an effect.
    """
    best = measured(torch.ones(heads))
    found, length = [best.distance], how.length
    for _ in range(how.passes - 1):
        tried = measured(further(best, length, how.reach))
        found.append(tried.distance)
        if tried.distance < best.distance:
            best = tried
        else:
            length /= 2
    return Refined(best.r, tuple(found))


def further(point: Point, length: float, reach: float) -> Tensor:
    """r + length d / max|d|, (H,), with every |r - 1| at most `reach`."""
    moved = point.r + length * unit_effects(point.descent).to(point.r)
    return moved.clamp(1 - reach, 1 + reach)
