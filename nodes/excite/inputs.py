"""The inputs of A&E-HRV."""

from __future__ import annotations

from typing import Any, get_args

from comfy_api.latest import io

from ...hrv.excite.filters import Kernel
from ...hrv.excite.plan import MapSize
from ...hrv.excite.words import TokenSlice
from ..shared.inputs import HRV, model_input
from ..shared.marks import words_of

KERNELS: dict[str, Kernel | None] = {
    "as published": None,
    "gaussian (A&E-HRV)": "gaussian",
    "wide (A&E)": "wide",
}
SLICES: dict[str, TokenSlice | None] = {
    "as published": None,
    "1 to 75 (A&E)": "all but first and last",
    "1 to 76 (A&E-HRV)": "all but first",
    "words only (A&E, SD2.1)": "words",
}


def excite_inputs() -> list[Any]:
    """The simple face: words and strength; the rest is advanced, with the published values."""
    return [
        model_input(),
        io.Conditioning.Input(
            "conditioning",
            tooltip="The HRV Prompt that names the things. Connect it to the sampler too.",
        ),
        io.String.Input(
            "words",
            default="",
            tooltip="The words that must be in the image, each with its concept: "
            "cat: Animals, dog: Animals. Without an HRV just: cat, dog.",
            extra_dict=words_of("conditioning", form="pairs"),
        ),
        io.Float.Input(
            "strength",
            default=1.0,
            min=0.0,
            max=5.0,
            step=0.05,
            display_mode=io.NumberDisplay.slider,
            tooltip="Step size of the update. 1: as in the paper. 0: no change. Lower it if "
            "images show artifacts.",
        ),
        *_time_inputs(),
        *_size_inputs(),
        *_map_inputs(),
        HRV.Input(
            "hrv",
            optional=True,
            tooltip="Head relevance vectors made for this model. Without them: plain "
            "Attend-and-Excite.",
        ),
    ]


def _time_inputs() -> list[Any]:
    return [
        io.Float.Input(
            "move_until",
            display_name="update until",
            default=0.5,
            min=0.0,
            max=1.0,
            step=0.05,
            advanced=True,
            display_mode=io.NumberDisplay.slider,
            tooltip="Fraction of the steps, from the start, in which the latent is updated.",
        ),
        io.String.Input(
            "thresholds",
            default="0: 0.05, 0.2: 0.5, 0.4: 0.8",
            advanced=True,
            tooltip="Pairs of fraction of the steps: minimum attention. At these steps the update "
            "is repeated until every word reaches that attention. Empty: off.",
        ),
        io.Int.Input(
            "refinements",
            default=20,
            min=0,
            max=200,
            advanced=True,
            tooltip="Maximum number of repeated updates at a threshold.",
        ),
    ]


def _size_inputs() -> list[Any]:
    return [
        io.Float.Input(
            "scale_factor",
            display_name="step size",
            default=20.0,
            min=0.0,
            max=1000.0,
            step=0.5,
            advanced=True,
            tooltip="Step size of the paper; multiplied by strength.",
        ),
        *(
            io.Float.Input(
                name,
                display_name=f"step size at the {which} step",
                default=default,
                min=0.0,
                max=4.0,
                step=0.05,
                advanced=True,
                tooltip=f"The step size at the {which} step is “step size” times the square "
                "root of this.",
            )
            for name, default, which in (("range_start", 1.0, "first"), ("range_end", 0.5, "last"))
        ),
    ]


def _map_inputs() -> list[Any]:
    return [
        io.Boolean.Input(
            "smoothing",
            display_name="smooth maps",
            default=True,
            advanced=True,
            tooltip="Smooths each word's map, so that a region must be attended to, not a point.",
        ),
        io.Float.Input(
            "smoothing_sigma",
            display_name="smoothing width",
            default=0.5,
            min=0.05,
            max=5.0,
            step=0.05,
            advanced=True,
            tooltip="Width of the 3 x 3 smoothing.",
        ),
        io.Combo.Input(
            "smoothing_kernel",
            display_name="smoothing kernel",
            options=list(KERNELS),
            advanced=True,
            tooltip="The two published implementations differ. as published: gaussian with an HRV, "
            "the wide one without.",
        ),
        io.Combo.Input(
            "token_slice",
            display_name="competing tokens",
            options=list(SLICES),
            advanced=True,
            tooltip="The tokens that compete for a pixel. as published: 1 to 76 with an HRV, 1 "
            "to 75 without, on SD2.x without an HRV the words only.",
        ),
        io.Combo.Input(
            "map_size",
            display_name="map size",
            options=list(get_args(MapSize)),
            advanced=True,
            tooltip="Pixels of the maps, as a share of the latent's. auto: 1/64 with an HRV, "
            "1/16 without, or the nearest size there is, of 6 x 6 or more if possible.",
        ),
        io.Combo.Input(
            "checkpointing",
            display_name="save memory",
            options=["auto", "on", "off"],
            advanced=True,
            tooltip="on: much less memory, a third more time in steps with an update. auto: on "
            "from two images of 512 x 512 or one of 768 x 768.",
        ),
    ]
