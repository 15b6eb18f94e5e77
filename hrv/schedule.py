"""Where in a sampling an evaluation of the U-Net lies: its step, a range, a timestep bin.

`sigmas` are the noise levels of one sampling, (steps + 1,), from the noisiest on.
"""

from __future__ import annotations

from torch import Tensor

_SAME_LEVEL = 1e-4  # relative; samplers reach a level on several ways of rounding


def step_of(sigma: float, sigmas: Tensor) -> int:
    """The step, from 0, in whose interval [sigma_i, sigma_i+1) a noise level lies.

    A second-order sampler's evaluation between two levels belongs to the step before it; one
    at the next level, which is that step's own first evaluation, belongs to the next step.
    """
    reached = int((sigmas[1:].cpu().double() >= sigma * (1 - _SAME_LEVEL)).sum())
    return min(reached, len(sigmas) - 2)


def steps_within(fraction: float, steps: int) -> int:
    """How many of a sampling's steps a range covers, rounded down as published: int(0.8 * 51)."""
    return int(fraction * steps + 1e-6)


def timestep_bin_of(sigma: float, sigmas: Tensor, bins: int) -> int:
    """The timestep bin, from 0, of a noise level; `bins` equal shares of the steps."""
    return step_of(sigma, sigmas) * bins // (len(sigmas) - 1)
