"""The node A&E-HRV: its inputs become settings, its MODEL has the hook `Excite`."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.excite.filters import Smoothing
from ...hrv.excite.plan import MapSize
from ...hrv.excite.settings import (
    ExciteSettings,
    MapReading,
    StepSizes,
    parse_thresholds,
    published_kernel,
    published_slice,
)
from ...hrv.relevance import HeadRelevance
from ..host.gradients import Checkpointing
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..library.compatibility import require_compatible
from ..shared.inputs import CATEGORY
from ..shared.notify import node_id, teller
from .gradient_passes import GradientPasses
from .hook import Excite
from .inputs import KERNELS, SLICES, excite_inputs
from .targets import find_targets


class AttendExcite(io.ComfyNode):
    """Attend-and-Excite, with an HRV weighed by head relevance (arXiv 2412.02237, section 5.3)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVAttendExcite",
            display_name="Nothing Forgotten (A&E-HRV)",
            category=CATEGORY,
            search_aliases=[
                "attend and excite",
                "attend-and-excite",
                "forgotten object",
                "missing object",
                "several objects",
            ],
            is_experimental=True,  # docs/evidence.md finds no gain over the plain method
            description="For prompts with several objects: nudges the latent during sampling until "
            "every named word gets attention, so that no object is forgotten.",
            inputs=excite_inputs(),
            outputs=[
                io.Model.Output(tooltip="The model, for the sampler whose latent it updates.")
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        conditioning: Any,
        words: str,
        strength: float,
        move_until: float = 0.5,
        thresholds: str = "0: 0.05, 0.2: 0.5, 0.4: 0.8",
        refinements: int = 20,
        scale_factor: float = 20.0,
        range_start: float = 1.0,
        range_end: float = 0.5,
        smoothing: bool = True,
        smoothing_sigma: float = 0.5,
        smoothing_kernel: str = "as published",
        token_slice: str = "as published",
        map_size: MapSize = "auto",
        checkpointing: Checkpointing = "auto",
        hrv: HeadRelevance | None = None,
    ) -> io.NodeOutput:
        if hrv is not None:
            require_compatible(hrv, model)
        kernel = KERNELS[smoothing_kernel] or published_kernel(hrv is not None)
        family = model_heads(model).family
        reading = MapReading(
            Smoothing(kernel, smoothing_sigma) if smoothing else None,
            SLICES[token_slice] or published_slice(hrv is not None, family),
            map_size,
        )
        passes = GradientPasses(find_targets(conditioning, words, hrv, reading), checkpointing)
        sizes = StepSizes(scale_factor * strength, range_start, range_end)
        settings = ExciteSettings(move_until, sizes, parse_thresholds(thresholds), refinements)
        hook = Excite(passes, settings, teller(node_id(cls)))
        return io.NodeOutput(add_hooks(model, [hook]))
