"""Reading every head's attention maps of a prompt beside the host's own attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import copies, own_maps
from ...hrv.families.registry import family_of
from ...hrv.heads import CrossAttentionLayer
from ...hrv.maps import Grid, HeadMaps, halvings_within
from ..host.hooks import Call, Hook, Phase, Run, layer_name
from ..host.layers import on_maps
from ..host.transformer.maps import TextMaps
from ..prompts.tag import Prompt
from ..shared.notify import logger, warn
from .captured import CapturedMaps
from .preview import MapPreview

MOST_VALUES = 2**27
"""Of the maps of a sampling of a transformer, 512 MB: larger maps are kept at half their sides."""


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
    shift: int = 0

    def maps(self, tokens: int, maps: TextMaps, grid: Grid | None = None) -> torch.Tensor:
        """Maps (I, heads, pixels, n) of the prompt's n semantic tokens, as they are kept.

        tokens: length of the context after the host repeated shorter prompts.
        """
        own = [position + self.shift for position in self.prompt.semantic]
        every = copies(own, self.length, tokens)
        found = (own_maps(some, len(every), len(own)) for some in maps.of(self.rows, every))
        return torch.cat([some if grid is None else grid.kept(some) for some in found], dim=1)


@dataclass
class CaptureState:
    """What was read in a sampling so far.

    images: which of the sampled images the maps are of, once some are; grid: of a transformer, how
    they are kept; bypassed: what could not be read; shown: how many previews there were.
    """

    maps: HeadMaps | None = None
    grid: Grid | None = None
    images: slice | None = None
    bypassed: str = ""
    shown: int = 0


class Capture(Hook[CaptureState]):
    """The hook of HRV Capture: reads the maps beside what the layers do."""

    label = "HRV Capture"
    phase = Phase.WATCH
    on_transformers = True
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
            frames = call.x.shape[2] if call.x.ndim == 5 else 1
            state.maps = HeadMaps(call.heads, self.maps.tokens, size, frames)
        return [
            handle
            for layer in call.layers
            for handle in on_maps(
                call, layer, partial(self._read, layer), partial(self._missed, call, layer)
            )
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
        if state.grid is not None and state.grid.halved:
            logger.info(
                "HRV Capture kept the maps at 1/%d of their width and height, within %d MB.",
                2**state.grid.halved,
                MOST_VALUES * 4 // 2**20,
            )
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
                images=slice(found.member, None, 2 if found.pair_id else 1),
                prompt=prompts[found.prompt_id],
                length=found.length,
                shift=found.shift,
            )
            for found, rows in call.everywhere()
            if found.prompt_id in prompts
        ]

    def _grid(self, call: Call, maps: HeadMaps, rows: slice) -> Grid | None:
        """How the maps of a transformer's layers are kept; None for U-Nets, whose are small."""
        family = family_of(call.unet)
        if family is None:
            return None
        height, width = own = family.size(call.unet, maps.latent)
        images = len(range(*rows.indices(call.rows))) * maps.frames
        kept = images * len(maps.heads) * maps.tokens * height * width
        return Grid(maps.frames, own, halvings_within(kept, MOST_VALUES))

    def _missed(self, call: Call, layer: CrossAttentionLayer) -> None:
        call.run.state(self).bypassed = layer_name(layer)

    @torch.no_grad()
    def _read(self, layer: CrossAttentionLayer, call: Call, maps: TextMaps) -> None:
        """Add a layer's maps; after the last layer, make room for them and show a preview."""
        state, mine = call.run.state(self), self._parts(call)
        if state.maps is None or not mine:
            return
        if state.images is None:
            state.images = mine[0].images
            state.grid = self._grid(call, state.maps, mine[0].rows)
        fits = maps.rows == call.rows and maps.length >= call.tokens
        for part in mine if fits else ():
            if part.images != state.images:
                continue  # of a pair's prompts only one is watched: the other has other images
            found = part.maps(call.tokens, maps, state.grid)
            first = self.maps.first_token(part.prompt.id)
            found = found.cpu() if self.on_cpu else found
            fits &= state.maps.add(layer.stage, layer.layer, found, first)
        if not fits:
            self._missed(call, layer)
        elif layer is call.layers[-1]:
            self.maps.make_room(state.maps.nbytes)
            if self.preview:
                state.shown = self.preview.after(call, state.maps, state.shown)
