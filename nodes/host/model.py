"""What the nodes ask a MODEL before they patch it."""

from __future__ import annotations

from typing import Any

from ...hrv.heads import HeadTable, head_table


def model_heads(model: Any) -> HeadTable:
    """The head table of a MODEL; ValueError naming the model if it has no such heads."""
    return head_table(model.get_model_object("diffusion_model"))


def percent_to_sigmas(model: Any, start: float, end: float) -> tuple[float, float]:
    """Sampling percents (0 first, 1 last) to (sigma_start, sigma_end)."""
    if not 0.0 <= start < end <= 1.0:
        raise ValueError(
            f"start_percent ({start}) must be smaller than end_percent ({end}), both from 0 to 1. "
            "0 to 1 covers the whole sampling."
        )
    sampling = model.get_model_object("model_sampling")
    return float(sampling.percent_to_sigma(start)), float(sampling.percent_to_sigma(end))
