"""What the nodes ask a MODEL before they patch it."""

from __future__ import annotations

from typing import Any

from ...hrv.families.registry import family_of, text_heads
from ...hrv.heads import HeadTable, head_table
from .transformer.checks import for_unets, require_not_compiled


def model_heads(model: Any) -> HeadTable:
    """The head table of a U-Net's MODEL; ValueError naming the model if it has no such heads."""
    diffusion_model = model.get_model_object("diffusion_model")
    family = family_of(diffusion_model)
    if family is not None:
        raise ValueError(for_unets("This node", family))
    return head_table(diffusion_model)


def steered_heads(model: Any) -> HeadTable:
    """The head table of a MODEL that words can be rescaled in, a U-Net's or a transformer's.

    ValueError naming the model if it has no such heads.
    """
    diffusion_model = model.get_model_object("diffusion_model")
    require_not_compiled(diffusion_model)
    return text_heads(diffusion_model)


def percent_to_sigmas(model: Any, start: float, end: float) -> tuple[float, float]:
    """Sampling percents (0 first, 1 last) to (sigma_start, sigma_end)."""
    if not 0.0 <= start < end <= 1.0:
        raise ValueError(
            f"start_percent ({start}) must be smaller than end_percent ({end}), both from 0 to 1. "
            "0 to 1 covers the whole sampling."
        )
    sampling = model.get_model_object("model_sampling")
    return float(sampling.percent_to_sigma(start)), float(sampling.percent_to_sigma(end))
