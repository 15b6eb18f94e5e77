"""Prompt-to-Prompt on pairs of images while the model samples.

The rows of a pair's conditioning alternate: source, target, source, target ... Nothing of a
source row is ever changed, so the source image is the one its prompt gives alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from torch.utils.hooks import RemovableHandle

from ...hrv.p2p import CrossEdit
from ...hrv.resolution import replaced_pixels
from ...hrv.schedule import step_of, steps_within
from ..host.hooks import Call, Hook, Phase, Run
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .cross_replace import CrossReplace, CrossState
from .pair_rows import PairState, pair_rows
from .self_replace import SelfReplace, SelfState
from .settings import Ranges


@dataclass
class PairEditState(PairState):
    """What the edits of cross- and of self-attention met in a sampling."""

    cross: CrossState = field(kw_only=True)
    selves: SelfState = field(default_factory=SelfState)


class PairEdit(Hook[PairEditState]):
    """The hook of P2P-HRV Edit: exchanges maps between the two images of each pair."""

    phase = Phase.EDIT

    def __init__(self, pair: Prompt, cross: CrossEdit, ranges: Ranges, label: str) -> None:
        self.pair, self.cross, self.ranges, self.label = pair, cross, ranges, label

    def new_state(self) -> PairEditState:
        return PairEditState(cross=CrossState(self.cross))

    def prompts(self) -> Iterable[Prompt]:
        return [self.pair]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        state = call.run.state(self)
        rows = pair_rows(call, self.pair, state)
        if rows is None or call.run.sigmas is None:
            return []
        steps = len(call.run.sigmas) - 1
        step = step_of(call.sigma, call.run.sigmas)
        handles: list[RemovableHandle] = []
        if step < steps_within(self.ranges.cross_replace, steps):
            find = partial(pair_rows, pair=self.pair, state=state)
            for layer in call.layers:
                handles += CrossReplace(call, find, layer, state.cross).attach()
        if step < steps_within(self.ranges.self_replace, steps):
            height, width = call.x.shape[-2:]
            limit = replaced_pixels(height, width, self.ranges.divisor)
            for block in state.selves.blocks(call):
                handles += SelfReplace(call.rows, rows, limit, state.selves).attach(block.attn1)
            state.selves.asked = True
        return handles

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if state.selves.asked and not state.selves.replaced:
            warn(
                f"{self.label} replaced no self-attention: at this image size no layer is as "
                "small as “layers” asks. Choose larger layers, or set self_replace to 0."
            )
