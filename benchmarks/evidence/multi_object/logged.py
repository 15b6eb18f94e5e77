"""A&E that notes its losses and how far it moves the latent. Imports the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from ....hrv.excite.algorithm import LossAndGradient
from ....hrv.resolution import Size
from ....nodes.excite.gradient_passes import GradientPasses, PassState
from ....nodes.excite.hook import Excite
from ....nodes.host.hooks import Run
from ....nodes.host.options import HOOKS
from ....nodes.host.patching import add_hooks
from ....nodes.host.stepping import StepContext


@dataclass
class Log:
    """Of each image: path, the sum over steps of |dz|, root mean square over the latent's values;
    first and last: its loss in the first and in the last pass. map_size: of the compared maps."""

    path: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    map_size: Size = (0, 0)

    def note_pass(self, found: LossAndGradient) -> None:
        """One gradient pass."""
        self.last = [loss or 0.0 for loss in found.losses]
        self.first = self.first or self.last
        self.map_size = found.map_size

    def note_step(self, moved: torch.Tensor) -> None:
        """The difference of z (I, channels, height, width) that a step made."""
        lengths = moved.square().flatten(1).mean(dim=1).sqrt().tolist()
        before = self.path or [0.0] * len(lengths)
        self.path = [a + b for a, b in zip(before, lengths, strict=True)]


@dataclass(frozen=True, eq=False)
class _Passes(GradientPasses):
    log: Log = field(default_factory=Log)

    def at(self, step: StepContext, state: PassState) -> LossAndGradient:
        found = super().at(step, state)
        self.log.note_pass(found)
        return found


class _Excite(Excite):
    log: Log

    def before_step(self, run: Run, step: StepContext) -> None:
        before = step.x.clone()
        super().before_step(run, step)
        self.log.note_step((step.x - before) / step.scale)


def logged(model: Any, excited: Any) -> tuple[Any, Log]:
    """`model` with the A&E hook of `excited`, noting what it does in the log."""
    hook = excited.model_options["transformer_options"][HOOKS][-1]
    log = Log()
    passes = _Passes(hook.passes.targets, hook.passes.checkpointing, log)
    noting = _Excite(passes, hook.settings)
    noting.log = log
    return add_hooks(model, [noting]), log
