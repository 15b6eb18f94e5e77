"""What a measured vector g (H,) steers with: it is signed, and only its direction counts."""

from __future__ import annotations

from torch import Tensor


def unit_effects(g: Tensor) -> Tensor:
    """g / max|g|, (H,): the most decisive head has 1 or -1. ValueError if no head does anything."""
    largest = g.abs().max()
    if not bool(largest.isfinite() & (largest > 0)):
        raise ValueError(
            "No head has a measured effect here, so there is nothing to steer by. Measure again "
            "with more images, or choose two different readings."
        )
    return g / largest


def towards(g: Tensor) -> Tensor:
    """Rescale vector r = 1 + g / max|g|, (H,), towards what g was measured for.

    Blended by a strength this is r = 1 + strength g / max|g|: the strength is the reach of the most
    decisive head. A negative one leads away.
    """
    return 1 + unit_effects(g)


def towards_and_away(desired: Tensor, undesired: Tensor, a: float = 1.0, b: float = 1.0) -> Tensor:
    """Rescale vector (H,) towards one measured reading and away from another.

    1 + u / max|u| with u = a g[desired] / max|g[desired]| - b g[undesired] / max|g[undesired]|.
    For the two readings of one measurement, g and -g, this is `towards` of the desired one.
    """
    return towards(a * unit_effects(desired) - b * unit_effects(undesired))


def positive_weights(g: Tensor) -> Tensor:
    """max(g, 0) H / sum max(g, 0), (H,): weights where a signed vector cannot serve.

    Heads that work against the reading get 0; the sum is H, as of a voted HRV, so that 1 is
    neutral. ValueError if no head works for the reading.
    """
    positive = g.clamp(min=0)
    total = positive.double().sum()
    if not bool(total > 0):
        raise ValueError(
            "No head works for this reading, so there are no weights. Measure it again with more "
            "images."
        )
    return (positive.double() * (len(g) / total)).to(g)
