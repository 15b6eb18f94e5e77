"""What a pass asks of the heads at a step: how far the word has gone, or what is still missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from ...hrv.measure.effect import way_direction
from ...hrv.measure.precision import wide
from ...hrv.measure.refine import distances, goal
from ..host.prediction import own_prediction, predictions
from ..host.stepping import StepContext
from .readings import INSTEAD, WANTED, Scene


@dataclass(frozen=True, eq=False)
class Seen:
    """direction (I, channels, height, width): d<D(r), direction>/dr is what each head does;
    distances (I,), where the aim knows them."""

    direction: torch.Tensor
    distances: torch.Tensor


class Aim(Protocol):
    """r (H,): around which heads are measured; steers: whether the sampling is rescaled by r."""

    @property
    def r(self) -> torch.Tensor: ...

    @property
    def steers(self) -> bool: ...

    def seen(self, scene: Scene, step: StepContext) -> Seen | None:
        """What is seen at this step; None where the prompt does not act in it."""


@dataclass(frozen=True, eq=False)
class Way:
    """One linear step: s(r) = <D(r), way> / |way|^2 with way = D_B - D_A, on the plain sampling."""

    r: torch.Tensor
    steers = False

    def seen(self, scene: Scene, step: StepContext) -> Seen | None:
        both = _readings(step)
        if both is None:
            return None
        wanted, start = both
        return Seen(way_direction(wanted - start), torch.zeros(len(wanted), dtype=torch.float64))


@dataclass(frozen=True, eq=False)
class Goal:
    """A pass of a refinement: |D(r) - T|^2 and what lowers it, on the sampling steered by r."""

    r: torch.Tensor
    beyond: float
    steers = True

    def seen(self, scene: Scene, step: StepContext) -> Seen | None:
        both = _readings(step)
        if both is None:
            return None
        aimed = goal(*both, self.beyond)
        own = own_prediction(step, scene.prompts)
        return Seen(aimed - wide(own), distances(own, aimed))


def _readings(step: StepContext) -> tuple[torch.Tensor, torch.Tensor] | None:
    """D_B and D_A, or None where the prompt, and so both, do not act."""
    wanted, start = predictions(step, [WANTED, INSTEAD])
    return (wanted, start) if bool((wanted != 0).any()) else None
