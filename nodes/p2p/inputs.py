"""The inputs of P2P-HRV Edit."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..library.menus import concept_input
from ..shared.inputs import HRV, clamp_inputs, strength_input
from ..shared.marks import words_of

PUBLISHED = {True: 0.9, False: 0.4}
"""Self-replace with an HRV (arXiv 2412.02237) and without (arXiv 2208.01626)."""


DIVISORS = {"1/16 of the latent": 4, "1/4 of the latent": 2, "all": 1}
"""Layer sizes and what the latent's sides are divided by, the published rule first."""


def self_share(choice: dict[str, Any], with_hrv: bool) -> float:
    """The share of the steps that the self_replace input asks for."""
    return choice["share"] if choice["self_replace"] == "custom" else PUBLISHED[with_hrv]


def edit_inputs() -> list[Any]:
    """All inputs."""
    return [
        io.Model.Input("model", tooltip="The model to edit with; it is left unchanged."),
        io.Conditioning.Input("source", tooltip="The image as it is, from HRV Prompt."),
        io.Conditioning.Input("target", tooltip="The image as it should be, from HRV Prompt."),
        io.Latent.Input("latent", tooltip="One latent per seed; each becomes a pair."),
        io.Combo.Input(
            "mode",
            options=["replace", "refine", "reweight"],
            tooltip="replace: words swapped one for one. refine: words added or left out. "
            "reweight: the named words stronger or weaker.",
        ),
        io.String.Input(
            "words",
            default="",
            tooltip="The edited words of the target prompt, separated by commas. Empty means "
            "every word that differs from the source.",
            extra_dict=words_of("target"),
        ),
        _range("cross_replace", 0.8, "words keep their place in the image"),
        _self_replace(),
        concept_input("concept", "What the edited words are: Color, Material ... (with an HRV)."),
        strength_input(),
        io.Float.Input(
            "weight",
            display_name="reweight by",
            default=1.0,
            min=-10.0,
            max=10.0,
            step=0.1,
            advanced=True,
            tooltip="reweight only: what the named words' maps are multiplied with.",
        ),
        io.Combo.Input(
            "layers",
            display_name="layers kept",
            options=list(DIVISORS),
            advanced=True,
            tooltip="The largest layers whose self-attention is kept, and the layers that the "
            "local blend reads. The first is the published rule: 256 pixels at 512 x 512.",
        ),
        io.Combo.Input(
            "mapper",
            options=["corrected", "original"],
            advanced=True,
            tooltip="How tokens are matched when words have unequal numbers of them. original: "
            "exactly as published, which shifts everything after such a word.",
        ),
        *clamp_inputs(),
        *_blend_inputs(),
        HRV.Input(
            "hrv",
            optional=True,
            tooltip="Head relevance vectors made for this model. Without them: plain "
            "Prompt-to-Prompt.",
        ),
    ]


def _self_replace() -> Any:
    return io.DynamicCombo.Input(
        "self_replace",
        display_name="self replace",
        options=[
            io.DynamicCombo.Option("auto", []),
            io.DynamicCombo.Option("custom", [_range("share", PUBLISHED[True], "shapes are kept")]),
        ],
        tooltip="How long shapes are kept. auto: as published, 0.9 of the steps with an HRV and "
        "0.4 without (plain Prompt-to-Prompt). custom: your own share.",
    )


def _range(name: str, default: float, effect: str) -> Any:
    return io.Float.Input(
        name,
        display_name=name.replace("_", " "),
        default=default,
        min=0.0,
        max=1.0,
        step=0.05,
        display_mode=io.NumberDisplay.slider,
        tooltip=f"Fraction of the steps, from the start, in which {effect}. Higher: closer to the "
        "source. Lower: freer edit.",
    )


def _blend_inputs() -> list[Any]:
    return [
        io.Boolean.Input(
            "local_blend",
            display_name="local blend",
            default=False,
            advanced=True,
            tooltip="Keep the source image outside the area that the blend words attend to.",
        ),
        io.String.Input(
            "blend_words",
            display_name="blend words",
            default="",
            advanced=True,
            tooltip="The words whose area may change, of either prompt, such as the object. "
            "Empty means the words that differ.",
            extra_dict=words_of("source", "target"),
        ),
        io.Float.Input(
            "blend_threshold",
            display_name="blend threshold",
            default=0.3,
            min=0.0,
            max=1.0,
            step=0.05,
            advanced=True,
            display_mode=io.NumberDisplay.slider,
            tooltip="How strongly a place must be attended to, relative to the most attended "
            "one, to be changed. Higher keeps more of the source.",
        ),
    ]
