"""Types and inputs that several nodes share, and how these inputs are read."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.relevance import HeadRelevance
from ...hrv.rescale import upper_bound
from ...hrv.text.untrusted import require_number
from .marks import words_of

CATEGORY = "HRV"
HRV = io.Custom("HRV")


def model_input() -> Any:
    return io.Model.Input("model", tooltip="The model to steer; the original is left unchanged.")


def hrv_input() -> Any:
    return HRV.Input("hrv", tooltip="Head relevance vectors made for this model (HRV Load).")


def prompt_input() -> Any:
    return io.Conditioning.Input(
        "conditioning", tooltip="The HRV Prompt to steer. Connect the same one to the sampler."
    )


def words_input(tooltip: str) -> Any:
    """Words of the prompt behind the node's `conditioning`."""
    return io.String.Input(
        "words", default="", tooltip=tooltip, extra_dict=words_of("conditioning")
    )


def strength_input() -> Any:
    return io.Float.Input(
        "strength",
        default=1.0,
        min=0.0,
        max=3.0,
        step=0.05,
        display_mode=io.NumberDisplay.slider,
        tooltip="Steering strength. 0: no change. 1: full effect, as in the paper. Above 1: "
        "exaggerated.",
    )


def clamp_inputs() -> list[Any]:
    return [
        io.Combo.Input(
            "clamp",
            display_name="limit strong heads",
            options=["auto", "none", "custom"],
            default="auto",
            advanced=True,
            tooltip="Limits very large relevance. auto: 9 on SDXL, no limit on SD1.x and SD2.x.",
        ),
        io.Float.Input(
            "clamp_at",
            display_name="limit",
            default=9.0,
            min=0.1,
            max=1000.0,
            step=0.1,
            advanced=True,
            tooltip="The largest relevance of a head; only used when the limit is custom.",
        ),
    ]


def percent_inputs() -> list[Any]:
    return [
        io.Float.Input(
            name,
            display_name=name.replace("_", " "),
            default=default,
            min=0.0,
            max=1.0,
            step=0.01,
            advanced=True,
            display_mode=io.NumberDisplay.slider,
            tooltip=f"When to {verb} steering, as a fraction of the sampling steps: 0 is the "
            "first step, 1 the last.",
        )
        for name, default, verb in (("start_percent", 0.0, "start"), ("end_percent", 1.0, "stop"))
    ]


def read_clamp(clamp: str, clamp_at: float, relevance: HeadRelevance) -> float | None:
    """The upper bound that the two clamp inputs ask for."""
    return upper_bound(clamp_at if clamp == "custom" else clamp, relevance.heads)  # type: ignore[arg-type]


def require_words(words: str, request: str) -> str:
    """`words` as they are; ValueError with the `request` to type some where there are none."""
    if not words.strip():
        raise ValueError(request)
    return words


def head_count(amount: float, unit: str, heads: int, node: str = "") -> int:
    """How many of a model's heads an amount in "heads" or "percent" means.

    ValueError, after the name of the `node` if given, for more than 100 percent.
    """
    where = f"{node}: " if node else ""
    require_number(f"{where}amount", amount)
    if unit == "percent" and amount > 100:
        raise ValueError(f"{where}amount is {amount:g} percent; use 0 to 100.")
    return round(heads * amount / 100 if unit == "percent" else amount)
