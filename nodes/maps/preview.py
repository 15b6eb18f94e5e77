"""The growing heat map of a word, shown on the node HRV Capture while the sampler runs."""

from __future__ import annotations

from collections.abc import Sequence

import comfy.utils
import torch
from comfy_execution.progress import get_progress_state
from PIL import Image
from torch import Tensor

from ...hrv.draw.overlay import colour_map
from ...hrv.maps import HeadMaps
from ...hrv.schedule import step_of
from ...hrv.word_maps import normalise, selective_map
from ..host.hooks import Call

PREVIEWS = 8  # in one sampling
SIDE = 256  # of a preview's images, in pixels
IMAGES = 4  # side by side, of a batch


class MapPreview:
    """Shows the words with these token numbers on a node, a few times in a sampling."""

    def __init__(self, node: str | None, columns: Sequence[int]) -> None:
        self.node, self.columns = node, columns
        self.bar = comfy.utils.ProgressBar(1, node)

    def after(self, call: Call, maps: HeadMaps, shown: int) -> int:
        """Called after each U-Net call; draws where another share of the steps is done.

        shown: the share that was drawn last; the result is the share that is drawn now.
        """
        sigmas = call.run.sigmas
        if sigmas is None:
            return shown
        steps, done = len(sigmas) - 1, step_of(call.sigma, sigmas) + 1
        share = done * PREVIEWS // steps
        if done == steps or share <= shown:
            return shown
        self._show(maps, done, steps)
        return share

    def finish(self, maps: HeadMaps) -> None:
        """Called after the sampling: the whole map, and the node no longer at work."""
        self._show(maps, 1, 1)
        if self.bar.hook is not None and self.node is not None:
            get_progress_state().finish_progress(self.node)

    def _show(self, maps: HeadMaps, done: int, steps: int) -> None:
        """Send the words' map so far, if they took part yet and there is a page."""
        columns = [column for column in self.columns if maps.evaluations(column)]
        if columns and self.bar.hook is not None:
            drawn = Image.fromarray(growing_map(maps, columns).numpy())
            self.bar.update_absolute(done, steps, ("JPEG", drawn, None))


def growing_map(maps: HeadMaps, columns: Sequence[int]) -> Tensor:
    """The first images' maps over all heads so far, side by side, (height, width, 3) uint8."""
    layers = maps.means(columns)
    scale = SIDE / max(maps.latent)
    size = round(maps.latent[0] * scale), round(maps.latent[1] * scale)
    every = torch.ones(len(maps.heads), dtype=torch.bool)
    raw = selective_map(layers, maps.heads, every, size)[:IMAGES].cpu()
    heat = normalise(raw.nan_to_num().clamp(min=1e-9), "min-max")
    drawn = torch.cat(tuple(colour_map(heat)), dim=1)
    return (drawn * 255).round().byte()
