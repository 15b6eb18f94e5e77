"""What may be set in A&E-HRV: when and how far the latent is updated, and how maps are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import get_args

from ..schedule import steps_within
from .filters import Kernel, Smoothing
from .plan import MapSize
from .words import TokenSlice


@dataclass(frozen=True)
class Threshold:
    """The attention that every word must have reached at a share of the steps."""

    share: float
    attention: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.share < 1.0 and 0.0 <= self.attention <= 1.0):
            raise ValueError(
                "Expected a threshold such as 0.2: 0.5, a share of the steps from 0 to less than "
                f"1 and an attention from 0 to 1; found {self.share}: {self.attention}."
            )


@dataclass(frozen=True)
class StepSizes:
    """eta_i = factor sqrt(linspace(start, end, steps)_i); the published code: 20 sqrt(1 to 0.5)."""

    factor: float = 20.0
    start: float = 1.0
    end: float = 0.5

    def __post_init__(self) -> None:
        _require("The step size's factor (scale_factor times strength)", self.factor, inf)
        _require("The step size's range_start", self.start, inf)
        _require("The step size's range_end", self.end, inf)

    def at(self, step: int, steps: int) -> float:
        """eta of step number `step` of `steps`."""
        share = step / (steps - 1) if steps > 1 else 0.0
        return self.factor * float(self.start + (self.end - self.start) * share) ** 0.5


@dataclass(frozen=True)
class StepPlan:
    """One step: its eta, the loss to be reached, and by how many more updates at most."""

    eta: float
    target: float
    refinements: int


PUBLISHED_THRESHOLDS = (Threshold(0.0, 0.05), Threshold(0.2, 0.5), Threshold(0.4, 0.8))


@dataclass(frozen=True)
class ExciteSettings:
    """When and how far the latent is updated; the defaults are the published ones.

    share: of the steps, from the first, before which it is updated; refinements: how many more
    updates a step may take to reach its threshold.
    """

    share: float = 0.5
    step_sizes: StepSizes = field(default_factory=StepSizes)
    thresholds: tuple[Threshold, ...] = PUBLISHED_THRESHOLDS
    refinements: int = 20

    def __post_init__(self) -> None:
        _require("move_until, the share of the steps in which the latent is updated,", self.share)
        _require("The number of refinements", self.refinements, inf)

    def at(self, step: int, steps: int) -> StepPlan | None:
        """What happens before step number `step` of `steps`; None if nothing does."""
        if self.step_sizes.factor == 0 or step >= steps_within(self.share, steps):
            return None
        threshold = thresholds_by_step(self.thresholds, steps).get(step, 0.0)
        return StepPlan(self.step_sizes.at(step, steps), 1.0 - threshold, self.refinements)


@dataclass(frozen=True)
class MapReading:
    """How attention maps become a loss: the smoothing if any, the competing tokens, the size."""

    smoothing: Smoothing | None
    token_slice: TokenSlice
    map_size: MapSize = "auto"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("token_slice", self.token_slice, get_args(TokenSlice)),
            ("map_size", self.map_size, get_args(MapSize)),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of: {', '.join(known)}; found {value!r}.")


def published_kernel(weighed: bool) -> Kernel:
    """The smoothing kernel in the code of A&E-HRV (weighed by an HRV) or of Attend-and-Excite."""
    return "gaussian" if weighed else "wide"


def published_slice(weighed: bool, family: str) -> TokenSlice:
    """The competing tokens in the code of A&E-HRV or of Attend-and-Excite, for a model family."""
    if weighed:
        return "all but first"
    return "words" if family.startswith("SD2") else "all but first and last"


def parse_thresholds(text: str) -> tuple[Threshold, ...]:
    """Read '0: 0.05, 0.2: 0.5'; empty for none."""
    parts = (each.strip() for each in re.split(r"[,\n]", text))
    return tuple(_parse_threshold(part) for part in parts if part)


def _parse_threshold(text: str) -> Threshold:
    try:
        share, attention = (float(each) for each in text.split(":"))
        return Threshold(share, attention)
    except ValueError:
        raise ValueError(
            "Expected thresholds such as 0: 0.05, 0.2: 0.5, 0.4: 0.8 (share of the steps: "
            f"attention to reach, both from 0 to 1); found {text!r}."
        ) from None


def thresholds_by_step(thresholds: Sequence[Threshold], steps: int) -> dict[int, float]:
    """Step -> attention, shares rounded down as published: 0, 10, 20 of 50 or of 51.

    Of several that fall on one step the highest counts.
    """
    found: dict[int, float] = {}
    for threshold in thresholds:
        step = steps_within(threshold.share, steps)
        found[step] = max(threshold.attention, found.get(step, 0.0))
    return found


def _require(what: str, value: float, most: float = 1.0) -> None:
    """ValueError unless 0 <= value <= most, and finite."""
    if not 0.0 <= value <= most or value == inf:
        upper = f"lie between 0 and {most:g}" if most < inf else "be 0 or more"
        raise ValueError(f"{what} must {upper}; found {value}.")
