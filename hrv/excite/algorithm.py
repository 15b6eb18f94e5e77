"""One step of Attend-and-Excite (arXiv 2301.13826, Algorithm 1), refined as in its published code.

A&E-HRV (arXiv 2412.02237, section 5.3, appendix F) is the same algorithm; only the attention maps
behind the loss differ. I: images. z: the latent of the papers, which the U-Net reads; a sampler
keeps x = scale z instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

from ..resolution import Size
from .settings import StepPlan


@dataclass(frozen=True, eq=False)
class LossAndGradient:
    """What a gradient pass finds at x (I, channels, height, width).

    losses: L of each image, None where an image does not have the prompt; weakest: each image's
    least attended word, "" where it has none; gradient: dL/dx, like x, 0 where there is no loss;
    map_size: (height, width) of the compared maps; amplified: by how much the loss was multiplied
    for the backward pass, whose gradient is divided by it again.
    """

    losses: tuple[float | None, ...]
    weakest: tuple[str, ...]
    gradient: Tensor
    map_size: Size
    amplified: float = 1.0

    def above(self, bound: float) -> frozenset[int]:
        """The numbers of the images whose loss lies above a bound."""
        losses = enumerate(self.losses)
        return frozenset(image for image, loss in losses if loss is not None and loss > bound)


def excite_step(
    x: Tensor,
    scale: float,
    plan: StepPlan,
    gradient_pass: Callable[[], LossAndGradient],
    report: Callable[[LossAndGradient, int], None],
) -> None:
    """Attend-and-Excite, Algorithm 1, before one step of the sampler; updates x in place.

    gradient_pass: losses and gradient at x as it is by then; report: told of each refinement and
    of the end, with the number of refinements so far. Each image is updated by its own loss.
    """
    found = gradient_pass()
    refinements, unmet = 0, found.above(plan.target)
    while unmet and refinements < plan.refinements:
        update_latent(x, scale, plan.eta, found.gradient, unmet)
        unmet &= found.above(plan.target)  # only now: the pass that meets the target updates too
        found = gradient_pass()
        refinements += 1
        report(found, refinements)
    update_latent(x, scale, plan.eta, found.gradient, found.above(0.0))
    report(found, refinements)


def update_latent(
    x: Tensor, scale: float, eta: float, gradient: Tensor, images: Iterable[int]
) -> None:
    """z <- z - eta dL/dz of some images, in place: in x = scale z that is eta scale^2 dL/dx."""
    for image in sorted(images):
        x[image].sub_(eta * scale**2 * gradient[image].to(x))
