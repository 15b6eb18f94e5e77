"""Rescaling a word's attention maps head by head while the model samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...hrv.attention import scale_value_rows, token_factors
from ...hrv.heads import CrossAttentionLayer
from ..host.patching import Call, Run
from ..prompts.tag import Prompt
from ..shared.notify import warn


@dataclass(frozen=True)
class Steer:
    """Rescale the columns `positions` of one prompt's attention maps by r, head by head.

    positions: token positions in the prompt's own length; rescale: r (H,), float32;
    sigma_start >= sigma >= sigma_end is where it acts.
    """

    prompt: Prompt
    positions: tuple[int, ...]
    rescale: torch.Tensor
    sigma_start: float
    sigma_end: float
    label: str


class Rescale:
    """The edit of the steering nodes: M diag(s) V = M (s V), on `attn2.to_v`'s output."""

    def __init__(self, steers: Sequence[Steer]) -> None:
        self.steers = tuple(steers)
        self.label = self.steers[0].label

    def prompts(self) -> Iterable[Prompt]:
        return [steer.prompt for steer in self.steers]

    def attach(self, call: Call) -> Iterable[Any]:
        present = {chunk.prompt_id for chunk in call.chunks if chunk}
        active = [
            steer
            for steer in self.steers
            if steer.prompt.id in present and steer.sigma_end <= call.sigma <= steer.sigma_start
        ]
        if not active:
            return []
        call.run.state(self)["acted"] = True
        return [
            layer.attention.to_v.register_forward_hook(self._scaler(call, layer, active))
            for layer in call.layers
        ]

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if "acted" not in state:
            warn(
                f"{self.label} had no effect: no step of this sampling fell into its start/end "
                "percent while its prompt was active. Widen the range, or check denoise and the "
                "prompt's own timestep range."
            )
        if "bypassed" in state:
            warn(
                f"{self.label} did not reach {state['bypassed']}: another pack changed the number "
                "of rows in the attention there. Connect that pack's node after the HRV nodes."
            )

    def _scaler(
        self, call: Call, layer: CrossAttentionLayer, active: Sequence[Steer]
    ) -> Callable[..., torch.Tensor]:
        def scale(_module: Any, _args: Any, values: torch.Tensor) -> torch.Tensor:
            if values.shape[0] != call.rows or values.shape[1] < call.tokens:
                call.run.state(self)["bypassed"] = f"{layer.stage} layer {layer.layer}"
                return values
            factors = self._factors(call, layer, active, values.device)
            if values.shape[1] == call.tokens:
                return scale_value_rows(values, factors)
            own = scale_value_rows(values[:, : call.tokens], factors)
            return torch.cat([own, values[:, call.tokens :]], dim=1)  # tokens other packs added

        return scale

    def _factors(
        self, call: Call, layer: CrossAttentionLayer, active: Sequence[Steer], device: torch.device
    ) -> torch.Tensor:
        """Factors (rows, tokens, heads) of one layer, computed once per shape and kept."""
        kept = call.run.state(self)
        shape = (call.chunks, call.rows, call.tokens)
        key = (layer.stage, layer.layer, tuple(map(id, active)), shape, device)
        if key not in kept:
            span = call.heads.span(layer.stage, layer.layer)
            factors = torch.ones(call.rows, call.tokens, span.stop - span.start)
            for number, chunk in enumerate(call.chunks):
                factors[call.row_span(number)] = _chunk_factors(call.tokens, chunk, active, span)
            kept[key] = factors.to(device)
        return kept[key]


def _chunk_factors(tokens: int, chunk: Any, steers: Sequence[Steer], span: slice) -> torch.Tensor:
    """Factors (tokens, heads): the product of all steers of this chunk's prompt."""
    product = torch.ones(tokens, span.stop - span.start)
    for steer in steers:
        if chunk and chunk.prompt_id == steer.prompt.id:
            product = product * token_factors(
                tokens, steer.positions, steer.rescale[span], chunk.length
            )
    return product
