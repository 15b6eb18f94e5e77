"""Reading every head's attention maps of a prompt beside the host's own attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import token_maps
from ...hrv.heads import CrossAttentionLayer
from ...hrv.maps import HeadMaps
from ..host.hooks import Call, Hook, Phase, Run, layer_name
from ..host.layers import on_maps
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .captured import CapturedMaps
from .preview import MapPreview


@dataclass(frozen=True)
class Part:
    """Batch rows of a U-Net call that belong to one prompt, and that prompt's own length.

    images: which of the sampled images they are; every second one for a member of a pair. shift:
    how many tokens stand before it.
    """

    rows: slice
    images: slice
    prompt: Prompt
    length: int
    shift: int

    def maps(
        self, layer: CrossAttentionLayer, tokens: int, q: torch.Tensor, k: torch.Tensor
    ) -> torch.Tensor:
        """Maps (I, heads, pixels, n) of the prompt's n semantic tokens; q, k are a layer's own.

        tokens: length of the context after the host repeated shorter prompts.
        """
        own = [position + self.shift for position in self.prompt.semantic]
        return token_maps(q[self.rows], k[self.rows], layer.heads, own, self.length, tokens)


@dataclass
class CaptureState:
    """What was read in a sampling so far.

    images: which of the sampled images the maps are of, once some are; bypassed: what could not be
    read; shown: how many previews there were.
    """

    maps: HeadMaps | None = None
    images: slice | None = None
    bypassed: str = ""
    shown: int = 0


class Capture(Hook[CaptureState]):
    """The hook of HRV Capture: reads `to_q` and `to_k`."""

    label = "HRV Capture"
    phase = Phase.WATCH
    only_watches = True
    anywhere = True

    def __init__(
        self, maps: CapturedMaps, on_cpu: bool = False, preview: MapPreview | None = None
    ) -> None:
        self.maps, self.on_cpu, self.preview = maps, on_cpu, preview

    def new_state(self) -> CaptureState:
        return CaptureState()

    def prompts(self) -> Iterable[Prompt]:
        return self.maps.prompts

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        if not any(call.may_have(prompt) for prompt in self.maps.prompts):
            return []
        state = call.run.state(self)
        size = (call.x.shape[-2], call.x.shape[-1])
        noise = call.run.noise
        if noise is not None and noise.shape[-2:] != size:
            state.bypassed = "an area prompt"
            return []
        if state.maps is None:
            state.maps = HeadMaps(call.heads, self.maps.tokens, size)
        return [
            handle
            for layer in call.layers
            for handle in on_maps(call, layer, partial(self._read, layer))
        ]

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if state.bypassed:
            warn(
                f"HRV Capture could not read {state.bypassed}: the attention there does not have "
                "the batch size or the resolution of the whole image. Area prompts have no map; if "
                "another node changes the attention, connect it after HRV Capture."
            )
        elif state.images is None:
            warn("HRV Capture recorded nothing: its prompt was never active in this sampling.")
        if state.maps is not None and state.images is not None:
            self.maps.keep(run.result[state.images], state.maps)
            if self.preview:
                self.preview.finish(state.maps)

    def _parts(self, call: Call) -> list[Part]:
        """The rows of this call that belong to the captured prompts."""
        prompts = {prompt.id: prompt for prompt in self.maps.prompts}
        return [
            Part(
                rows=rows,
                images=slice(found.member, None, rows.step),
                prompt=prompts[found.prompt_id],
                length=found.length,
                shift=found.shift,
            )
            for found, rows in call.everywhere()
            if found.prompt_id in prompts
        ]

    @torch.no_grad()
    def _read(
        self, layer: CrossAttentionLayer, call: Call, q: torch.Tensor, k: torch.Tensor
    ) -> None:
        """Add a layer's maps; after the last layer, make room for them and show a preview."""
        state, mine = call.run.state(self), self._parts(call)
        if state.maps is None or not mine:
            return
        if state.images is None:
            state.images = mine[0].images
        fits = q.shape[0] == k.shape[0] == call.rows and k.shape[1] >= call.tokens
        for part in mine if fits else ():
            if part.images != state.images:
                continue  # of a pair's prompts only one is watched: the other has other images
            maps = part.maps(layer, call.tokens, q, k)
            first = self.maps.first_token(part.prompt.id)
            maps = maps.cpu() if self.on_cpu else maps
            fits &= state.maps.add(layer.stage, layer.layer, maps, first)
        if not fits:
            state.bypassed = layer_name(layer)
        elif layer is call.layers[-1]:
            self.maps.make_room(state.maps.nbytes)
            if self.preview:
                state.shown = self.preview.after(call, state.maps, state.shown)
